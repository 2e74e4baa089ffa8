import type { ServeMessage } from '../../agent/protocol.ts'
import type { Component } from '../../topology/model.ts'
import { componentKey } from '../../topology/component.ts'
import type { Flow } from '../../evidence/flow.ts'
import type {
  Command,
  ComponentCpu,
  ComponentFlows,
  CpuSource,
  EvidenceSnapshot,
  Testbed,
} from '../backend.ts'
import { serverPort, type Plan, type PlannedPath, type Workload } from '../plan.ts'
import type { Anchor } from './anchor.ts'
import type { EngineNames } from './engines/engines.ts'
import type { ForwardingProgram } from './engines/forwarding-program.ts'
import type { LabLayout } from './layout.ts'
import type { LineProcess } from './line-process.ts'
import type { Mesh } from './mesh.ts'
import { programs } from './programs.ts'

type StatsMessage = Extract<ServeMessage, { type: 'stats' }>

interface LabParts {
  readonly anchor: Anchor
  readonly plan: Plan
  readonly layout: LabLayout
  readonly mesh: Mesh
  readonly engines: EngineNames
  readonly programs: readonly ForwardingProgram[]
  /** Named like their workloads. */
  readonly servers: readonly LineProcess[]
  /** Programs on which packets depend and that have nothing to tell: relay, BGP speakers. */
  readonly helpers: readonly { assertRunning(): void }[]
  readonly delayMethod: string
  readonly facts: Readonly<Record<string, string>>
}

/** A lab that is up. */
export class LabTestbed implements Testbed {
  readonly engine: Testbed['engine']
  readonly cpuSource: CpuSource = { name: 'schedstat', perTurn: true, coversTestbed: true }
  readonly delayMethod: string
  readonly loadBalancer: string
  readonly facts: Readonly<Record<string, string>>
  readonly addresses: Testbed['addresses']
  readonly #parts: LabParts

  constructor(parts: LabParts) {
    this.#parts = parts
    this.delayMethod = parts.delayMethod
    this.engine = parts.engines.engine
    this.loadBalancer = parts.engines.loadBalancer
    this.facts = { ...parts.facts, ...parts.engines.facts }
    this.addresses = parts.mesh.addresses
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
    const { programs: forwarding, servers, plan } = this.#parts
    const running = [
      ...forwarding.map((program) => ({ component: program.component, process: program })),
      ...servers.flatMap((process) => {
        const workload = plan.workloads.find(({ name }) => name === process.name)
        const component: Component | undefined = workload && { kind: 'server-pod', ...workload.placement }
        return component ? [{ component, process }] : []
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
    const served = this.#parts.servers.map(async (server) => {
      const answer = await server.ask<StatsMessage>({ type: 'stats' }, 'stats')
      return { workload: server.name, byPath: answer.served }
    })
    return { components: await flowsOf(this.#parts.programs), served: await Promise.all(served) }
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

/** Gateways first: they know whose connection it is of which a ztunnel tells only that it comes from a gateway. */
async function flowsOf(all: readonly ForwardingProgram[]): Promise<readonly ComponentFlows[]> {
  const isZtunnel = ({ component }: ForwardingProgram) => component.kind === 'ztunnel'
  const read = (some: readonly ForwardingProgram[], others: readonly Flow[]) =>
    Promise.all(
      some.map(async (program): Promise<ComponentFlows> => {
        const { component, name: instance } = program
        return { component, instance, flows: await program.flows(others) }
      }),
    )
  const forwarders = await read(
    all.filter((program) => !isZtunnel(program)),
    [],
  )
  const forwarded = forwarders.flatMap(({ flows }) => flows)
  return [...(await read(all.filter(isZtunnel), forwarded)), ...forwarders]
}
