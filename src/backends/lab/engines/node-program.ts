import type { Component } from '../../../topology/model.ts'
import type { Anchor } from '../anchor.ts'
import type { ComponentConfig, ComponentMessage } from '../components/protocol.ts'
import { LineProcess } from '../line-process.ts'
import { componentCommand } from '../processes.ts'
import type { ForwardingProgram, ProgramStarter } from './forwarding-program.ts'

const endWithinMs = 2000

type FlowsMessage = Extract<ComponentMessage, { type: 'flows' }>

/** One of our own ztunnels, gateways and load balancers. */
export interface NodeProgram {
  readonly name: string
  readonly netns: string
  readonly component: Component
  readonly config: ComponentConfig
}

export function nodeProgramStarter(anchor: Anchor, program: NodeProgram): ProgramStarter {
  const { name, netns, component, config } = program
  return {
    name,
    start: async (signal) => {
      const process = await LineProcess.start(anchor, name, componentCommand(netns), config, signal)
      return running(name, component, process)
    },
  }
}

function running(name: string, component: Component, process: LineProcess): ForwardingProgram {
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
