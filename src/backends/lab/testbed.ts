import type { ServeMessage } from '../../agent/protocol.ts'
import type { EvidenceSnapshot } from '../../evidence/flow.ts'
import { until } from '../../process/until.ts'
import { componentKey } from '../../topology/component.ts'
import type { Component } from '../../topology/model.ts'
import { hopmeterVersion } from '../../version.ts'
import type { Command, ComponentCpu, CpuSource, RestartContext, Testbed } from '../backend.ts'
import { serverPort, type Plan, type PlannedPath, type Workload } from '../plan.ts'
import type { Anchor } from './anchor.ts'
import { onCpu } from './cpus.ts'
import type { ComponentMessage } from './components/protocol.ts'
import type { LabLayout } from './layout.ts'
import type { LineProcess } from './line-process.ts'
import type { Mesh } from './mesh.ts'
import { programs, warmSoon } from './programs.ts'
import { toolEnv } from './tools.ts'

/** Long enough for this process to be told of the ends of all processes that ended together. */
const settleMs = 200

type FlowsMessage = Extract<ComponentMessage, { type: 'flows' }>
type StatsMessage = Extract<ServeMessage, { type: 'stats' }>

const endWithinMs = 2000

export interface RunningComponent {
  readonly component: Component
  readonly process: LineProcess
}

/** The programs that forward bytes and answer requests: what a restart starts anew. */
export interface LabPrograms {
  readonly components: readonly RunningComponent[]
  /** Named like their workloads. */
  readonly servers: readonly LineProcess[]
}

export function processesOf({ components, servers }: LabPrograms): readonly LineProcess[] {
  return [...components.map(({ process }) => process), ...servers]
}

interface LabParts {
  readonly anchor: Anchor
  readonly plan: Plan
  readonly layout: LabLayout
  readonly mesh: Mesh
  /** The CPU that all programs share; undefined where they may use all. */
  readonly cpu: number | undefined
  /** Starts them in an order of the seed. */
  readonly start: (seed: number, signal: AbortSignal) => Promise<LabPrograms>
  /** Programs on which packets depend and that have nothing to tell: relay, BGP speakers. */
  readonly helpers: readonly { assertRunning(): void }[]
  readonly delayMethod: string
  readonly facts: Readonly<Record<string, string>>
}

/** A lab that is up. */
export class LabTestbed implements Testbed {
  readonly engine = { name: 'lab-node', version: hopmeterVersion, simulated: true }
  readonly cpuSource: CpuSource = { name: 'schedstat', perTurn: true, coversTestbed: true }
  readonly delayMethod: string
  readonly loadBalancer: string
  readonly facts: Readonly<Record<string, string>>
  readonly addresses: Testbed['addresses']
  readonly #parts: LabParts
  #programs: LabPrograms

  constructor(parts: LabParts, running: LabPrograms) {
    this.#parts = parts
    this.#programs = running
    this.delayMethod = parts.delayMethod
    this.facts = parts.facts
    this.addresses = parts.mesh.addresses
    const isProxied = parts.layout.gateways.some(({ loadBalancer }) => loadBalancer === 'proxy')
    this.loadBalancer = isProxied ? 'lab-node' : 'none'
  }

  agentCommand(workload: Workload, mode: 'load'): Command {
    const args = [...warmSoon, programs.agent, mode]
    const command = { netns: workload.name, file: process.execPath, args }
    const entered = this.#parts.anchor.enter(onCpu(command, this.#parts.cpu))
    return { ...entered, env: toolEnv, inherit: false }
  }

  target(path: PlannedPath): { readonly host: string; readonly port: number } {
    return path.mesh === 'none'
      ? { host: this.podAddress(path.serverWorkload), port: serverPort }
      : this.#parts.layout.serviceAddress(path.client.cluster, path.serverWorkload)
  }

  podAddress(workload: Workload): string {
    return this.#pod(workload).ip
  }

  sourceAddresses(workload: Workload): readonly string[] {
    const { ip, nodeNetns } = this.#pod(workload)
    const node = this.#parts.layout.nodes.find(({ netns }) => netns === nodeNetns)
    return node ? [ip, node.ip] : [ip]
  }

  cpuUsage(): Promise<readonly ComponentCpu[]> {
    const { plan } = this.#parts
    const { components, servers } = this.#programs
    const running = [
      ...components,
      ...servers.flatMap((process): RunningComponent[] => {
        const workload = plan.workloads.find(({ name }) => name === process.name)
        return workload ? [{ component: { kind: 'server-pod', ...workload.placement }, process }] : []
      }),
    ]
    const sums = new Map<string, ComponentCpu>()
    for (const { component, process } of running) {
      const cpuMs = process.cpuMs()
      if (cpuMs === undefined) continue
      const key = componentKey(component)
      const sum = sums.get(key)
      const throttledMs = process.throttledMs()
      sums.set(key, sum ? { ...sum, cpuMs: sum.cpuMs + cpuMs } : { component, cpuMs, throttledMs })
    }
    return Promise.resolve([...sums.values()])
  }

  /** @throws HopmeterError when a program of the lab has ended. */
  async evidence(): Promise<EvidenceSnapshot> {
    for (const helper of this.#parts.helpers) helper.assertRunning()
    const flows = this.#programs.components.map(async ({ component, process }) => {
      const answer = await process.ask<FlowsMessage>({ type: 'flows' }, 'flows')
      return { component, instance: process.name, flows: answer.flows }
    })
    const served = this.#programs.servers.map(async (server) => {
      const answer = await server.ask<StatsMessage>({ type: 'stats' }, 'stats')
      return { workload: server.name, byPath: answer.served }
    })
    // Waited for as one: a failure of the second while the first is waited for would be nobody's.
    const [components, byWorkload] = await Promise.all([Promise.all(flows), Promise.all(served)])
    return { components, served: byWorkload }
  }

  async whatBroke(): Promise<unknown> {
    const { anchor, helpers } = this.#parts
    // The first process first: without it all others are gone too.
    const running = [anchor, ...helpers, ...processesOf(this.#programs)]
    const reasonOf = (program: { assertRunning(): void }) => {
      try {
        program.assertRunning()
        return undefined
      } catch (error) {
        return error
      }
    }
    // Ends of programs that ended together are told one by one.
    return await until(() => reasonOf(anchor), { everyMs: 10, deadlineMs: settleMs }).then(
      (reason) => reason ?? running.map(reasonOf).find((other) => other !== undefined),
    )
  }

  /** @throws HopmeterError when a program of the lab does not start again. */
  async restart({ signal, progress, seed }: RestartContext): Promise<void> {
    progress('restart ztunnels, gateways, load balancers and echo servers')
    const old = processesOf(this.#programs)
    // What is ended on purpose must not be taken for what broke.
    this.#programs = { components: [], servers: [] }
    await Promise.all(old.map((process) => process.end(endWithinMs)))
    this.#programs = await this.#parts.start(seed, signal)
  }

  down(): Promise<void> {
    return this.#parts.anchor.close()
  }

  #pod(workload: Workload) {
    const pod = this.#parts.layout.pods.get(workload.name)
    if (!pod) throw new RangeError(`workload "${workload.name}" has no pod in this lab`)
    return pod
  }
}
