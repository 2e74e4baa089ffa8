import type { ServeMessage } from '../../agent/protocol.ts'
import type { ComponentFlows, EvidenceSnapshot, Flow } from '../../evidence/flow.ts'
import { until } from '../../process/until.ts'
import { componentKey, ofVariant } from '../../topology/component.ts'
import type { Component } from '../../topology/model.ts'
import type { Command, ComponentCpu, CpuSource, Place, RestartContext, Testbed } from '../backend.ts'
import type { Plan, PlannedPath, Workload } from '../../plan/plan-scenario.ts'
import { serverPort } from '../../plan/names.ts'
import type { Anchor } from './anchor.ts'
import { onCpu } from './cpus.ts'
import type { EngineNames } from './engines/engines.ts'
import type { ForwardingProgram } from './engines/forwarding-program.ts'
import type { LabLayout } from './layout.ts'
import type { LineProcess } from './line-process.ts'
import type { Mesh } from './mesh.ts'
import { programs, warmSoon } from './programs.ts'
import { placesOf } from './standing/places.ts'
import { toolEnv } from './tools.ts'

/** Long enough for this process to be told of the ends of all processes that ended together. */
const settleMs = 200

type StatsMessage = Extract<ServeMessage, { type: 'stats' }>

const endWithinMs = 2000

/** The programs that forward bytes and answer requests: what a restart starts anew. */
export interface LabPrograms {
  /** Ztunnels, gateways and load balancers, whoever wrote them. */
  readonly forwarding: readonly ForwardingProgram[]
  /** Named like their workloads. */
  readonly servers: readonly LineProcess[]
}

type LabProgram = ForwardingProgram | LineProcess

export function processesOf({ forwarding, servers }: LabPrograms): readonly LabProgram[] {
  return [...forwarding, ...servers]
}

interface LabParts {
  readonly anchor: Anchor
  readonly plan: Plan
  readonly layout: LabLayout
  readonly mesh: Mesh
  /** Of each variant, or of all without a name. */
  readonly engines: readonly (EngineNames & { readonly name: string | undefined })[]
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
  readonly engine: Testbed['engine']
  readonly cpuSource: CpuSource = { name: 'schedstat', perTurn: true, coversTestbed: true }
  readonly delayMethod: string
  readonly loadBalancer: string
  readonly variants: Testbed['variants']
  readonly facts: Readonly<Record<string, string>>
  readonly addresses: Testbed['addresses']
  readonly #parts: LabParts
  readonly #endings: (() => void)[] = []
  #programs: LabPrograms

  constructor(parts: LabParts, running: LabPrograms) {
    this.#parts = parts
    this.#programs = running
    this.delayMethod = parts.delayMethod
    const [first] = parts.engines
    if (!first) throw new RangeError('a testbed without programs')
    const variants = parts.engines.flatMap(({ name, ...same }) =>
      name === undefined ? [] : [{ name, ...same }],
    )
    this.engine = first.engine
    this.loadBalancer = first.loadBalancer
    this.variants = variants.length === 0 ? undefined : variants
    this.facts = { ...parts.facts, ...(variants.length === 0 ? first.facts : {}) }
    this.addresses = parts.mesh.addresses
  }

  agentCommand(workload: Workload, mode: 'load'): Command {
    const args = [...warmSoon, programs.agent, mode]
    const command = { netns: workload.name, file: process.execPath, args }
    const entered = this.#parts.anchor.enter(onCpu(command, this.#parts.cpu))
    return { ...entered, env: toolEnv, inherit: false }
  }

  /** Runs inside of the lab already, where the load agent is. */
  dialer(workload: Workload): readonly [string, ...string[]] {
    return [
      'nsenter',
      `--net=/run/netns/${this.#pod(workload).netns}`,
      process.execPath,
      programs.agent,
      'dial',
    ]
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
    const { forwarding, servers } = this.#programs
    const running = [
      ...forwarding.map((program) => ({ component: program.component, process: program })),
      ...servers.flatMap((process) => {
        const workload = plan.workloads.find(({ name }) => name === process.name)
        const component: Component | undefined = workload && {
          kind: 'server-pod',
          ...workload.placement,
          ...ofVariant(workload.variant),
        }
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
    const flows = flowsOf(this.#programs.forwarding)
    const served = this.#programs.servers.map(async (server) => {
      const answer = await server.ask<StatsMessage>({ type: 'stats' }, 'stats')
      return { workload: server.name, byPath: answer.served }
    })
    // Waited for as one: a failure of the second while the first is waited for would be nobody's.
    const [components, byWorkload] = await Promise.all([flows, Promise.all(served)])
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
    const { forwarding, servers } = this.#programs
    // What is ended on purpose must not be taken for what broke.
    this.#programs = { forwarding: [], servers: [] }
    await Promise.all([
      ...forwarding.map((program) => program.stop()),
      ...servers.map((server) => server.end(endWithinMs)),
    ])
    this.#programs = await this.#parts.start(seed, signal)
  }

  /** What programs of this machine need to know to get in. */
  get inside() {
    const { anchor, cpu, plan, layout } = this.#parts
    return { anchor, cpu, places: placesOf(anchor.pid, plan, layout) }
  }

  get places(): readonly Place[] {
    return this.inside.places
  }

  /** Does something before the lab goes. */
  whenDown(action: () => void): void {
    this.#endings.push(action)
  }

  async down(): Promise<void> {
    try {
      for (const end of this.#endings.splice(0)) end()
    } finally {
      await this.#parts.anchor.close()
    }
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
