import type { ComponentConfig, ComponentMessage } from '../components/protocol.ts'
import type { LineProcess } from '../line-process.ts'
import type { PlannedComponent } from '../mesh.ts'
import { lineProgram, type LabKeys, type PlannedProgram } from '../planned-program.ts'
import { programs, warmSoon } from '../programs.ts'
import type { ForwardingProgram } from './forwarding-program.ts'

const endWithinMs = 2000

type FlowsMessage = Extract<ComponentMessage, { type: 'flows' }>

/** One of our own ztunnels, gateways and load balancers. */
export function nodeProgram(planned: PlannedComponent): PlannedProgram<ForwardingProgram> {
  const { name, netns, config } = planned
  const command = { netns, file: process.execPath, args: [...warmSoon, programs.component] }
  const configOf = ({ identity }: LabKeys): ComponentConfig => config(identity)
  const own = lineProgram(name, command, configOf)
  return {
    commands: own.commands,
    start: async (place, signal) => running(planned, await own.start(place, signal)),
  }
}

function running({ name, component }: PlannedComponent, process: LineProcess): ForwardingProgram {
  return {
    name,
    component,
    flows: async () => (await process.ask<FlowsMessage>({ type: 'flows' }, 'flows')).flows,
    assertRunning: () => process.assertRunning(),
    moveToCpu: (cpu, signal) => process.moveToCpu(cpu, signal),
    cpuMs: () => process.cpuMs(),
    throttledMs: () => process.throttledMs(),
    stop: () => process.end(endWithinMs),
  }
}
