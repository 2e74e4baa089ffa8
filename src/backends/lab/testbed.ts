import type { ServeMessage } from '../../agent/protocol.ts'
import type { EvidenceSnapshot } from '../../evidence/flow.ts'
import { componentKey } from '../../topology/component.ts'
import type { Component } from '../../topology/model.ts'
import { hopmeterVersion } from '../../version.ts'
import type { Command, ComponentCpu, CpuSource, Testbed } from '../backend.ts'
import { serverPort, type Plan, type PlannedPath, type Workload } from '../plan.ts'
import type { Anchor } from './anchor.ts'
import type { ComponentMessage } from './components/protocol.ts'
import type { LabLayout } from './layout.ts'
import type { LineProcess } from './line-process.ts'
import type { Mesh } from './mesh.ts'
import { programs } from './programs.ts'

type FlowsMessage = Extract<ComponentMessage, { type: 'flows' }>
type StatsMessage = Extract<ServeMessage, { type: 'stats' }>

export interface RunningComponent {
  readonly component: Component
  readonly process: LineProcess
}

interface LabParts {
  readonly anchor: Anchor
  readonly plan: Plan
  readonly layout: LabLayout
  readonly mesh: Mesh
  readonly components: readonly RunningComponent[]
  /** Named like their workloads. */
  readonly servers: readonly LineProcess[]
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

  constructor(parts: LabParts) {
    this.#parts = parts
    this.delayMethod = parts.delayMethod
    this.facts = parts.facts
    this.addresses = parts.mesh.addresses
    const isProxied = parts.layout.gateways.some(({ loadBalancer }) => loadBalancer === 'proxy')
    this.loadBalancer = isProxied ? 'lab-node' : 'none'
  }

  agentCommand(workload: Workload, mode: 'load'): Command {
    const args = [programs.agent, mode]
    return this.#parts.anchor.enter({ netns: workload.name, file: process.execPath, args })
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
    const { components, servers, plan } = this.#parts
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
    const flows = this.#parts.components.map(async ({ component, process }) => {
      const answer = await process.ask<FlowsMessage>({ type: 'flows' }, 'flows')
      return { component, instance: process.name, flows: answer.flows }
    })
    const served = this.#parts.servers.map(async (server) => {
      const answer = await server.ask<StatsMessage>({ type: 'stats' }, 'stats')
      return { workload: server.name, byPath: answer.served }
    })
    return { components: await Promise.all(flows), served: await Promise.all(served) }
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
