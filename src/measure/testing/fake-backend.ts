import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { ServeFaults } from '../../agent/protocol.ts'
import { startEchoServer, type EchoServer } from '../../agent/server/echo-server.ts'
import type { Backend, RestartContext, Testbed } from '../../backends/backend.ts'
import type { EvidenceSnapshot } from '../../evidence/flow.ts'
import type { Plan, PlannedPath, Workload } from '../../plan/plan-scenario.ts'
import { localAgentCommand } from '../local-agent.ts'

const host = '127.0.0.1'

export interface FakeOptions {
  /** Absent from its testbeds when false. */
  readonly canRestart?: boolean
  /** What a server calls itself in a start: another name than its own makes evidence speak of another pod. */
  readonly podName?: (workload: string, start: number, variant: string | undefined) => string
  /** Names of variants, of which its testbeds have one at a time. */
  readonly variants?: readonly string[]
  /** What requests to a server meet. */
  readonly faults?: Readonly<Record<string, ServeFaults>>
  /** Called in each restart, before the servers start again; what it throws is what the restart throws. */
  readonly onRestart?: (start: number) => void
}

/** What a test wants to know of a backend that was used. */
export interface FakeLog {
  /** `up`, `restart`, `down`, in the order of the calls; a restart with the variant that is to stand. */
  readonly calls: string[]
  readonly restartSeeds: number[]
  /** Load agents that were running when a restart began. */
  readonly agentsAtRestart: number[]
  /** Load agents that run now. */
  agents(): number
}

/**
 * A backend without a testbed: the real load agent, as a process of its own, against echo servers of this process on
 * loopback. What it says of paths is what the servers counted, so only paths outside the mesh can be proven.
 */
export function fakeBackend(options: FakeOptions = {}): { readonly backend: Backend; readonly log: FakeLog } {
  const { canRestart = true } = options
  const mark = randomUUID()
  const log: FakeLog = {
    calls: [],
    restartSeeds: [],
    agentsAtRestart: [],
    agents: () => processesWith(mark),
  }
  const backend: Backend = {
    name: 'lab',
    canRestart,
    ...(options.variants === undefined
      ? {}
      : { variants: options.variants.map((name) => ({ name, settings: {} })), switchesVariants: true }),
    steps: () => [],
    async up(plan) {
      log.calls.push('up')
      const testbed = new FakeTestbed(plan, options, log, mark)
      await testbed.start()
      return canRestart ? testbed : Object.assign(testbed, { restart: undefined })
    },
  }
  return { backend, log }
}

class FakeTestbed implements Testbed {
  readonly engine = { name: 'fake', version: '1' }
  readonly delayMethod = 'none'
  readonly loadBalancer = 'none'
  readonly facts = {}
  readonly variants: Testbed['variants']
  #variant: string | undefined
  readonly #plan: Plan
  readonly #options: FakeOptions
  readonly #log: FakeLog
  readonly #mark: string
  /** Ports outlive starts, as addresses do. */
  readonly #ports = new Map<string, number>()
  #servers = new Map<string, EchoServer>()
  #starts = 0

  constructor(plan: Plan, options: FakeOptions, log: FakeLog, mark: string) {
    this.#plan = plan
    this.#options = options
    const { engine, loadBalancer } = this
    this.variants = options.variants?.map((name) => ({ name, engine, loadBalancer, facts: {} }))
    this.#log = log
    this.#mark = mark
  }

  get addresses(): Testbed['addresses'] {
    return this.#workloads().map(({ name, placement }) => ({
      address: `${host}:${this.#portOf(name)}`,
      component: { kind: 'server-pod', ...placement },
    }))
  }

  async start(): Promise<void> {
    this.#starts += 1
    const { podName = (name) => name, faults = {} } = this.#options
    for (const { name, placement } of this.#workloads()) {
      const server = await startEchoServer({
        host,
        port: this.#ports.get(name) ?? 0,
        cluster: placement.cluster,
        pod: podName(name, this.#starts, this.#variant),
        faults: faults[name],
      })
      this.#ports.set(name, server.port)
      this.#servers.set(name, server)
    }
  }

  get startFacts() {
    return this.#variant === undefined ? undefined : { version: this.#variant }
  }

  restart?({ seed, signal, variant }: RestartContext): Promise<void> {
    this.#variant = variant
    return this.#restart(seed, signal)
  }

  agentCommand() {
    return { ...localAgentCommand('load'), env: { HOPMETER_FAKE: this.#mark } }
  }

  /** A path that cannot exist leads to a port on which nobody listens. */
  target({ rule, serverWorkload }: PlannedPath) {
    return { host, port: rule.possible ? this.#portOf(serverWorkload.name) : 1 }
  }

  podAddress(): string {
    return host
  }

  sourceAddresses(): readonly string[] {
    return [host]
  }

  cpuUsage(): Promise<readonly []> {
    return Promise.resolve([])
  }

  evidence(): Promise<EvidenceSnapshot> {
    const served = [...this.#servers].map(([workload, { stats }]) => ({
      workload,
      byPath: stats.take().served,
    }))
    return Promise.resolve({ components: [], served })
  }

  async down(): Promise<void> {
    this.#log.calls.push('down')
    await this.#stop()
  }

  async #restart(seed: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#log.calls.push(this.#variant === undefined ? 'restart' : `restart ${this.#variant}`)
    this.#log.restartSeeds.push(seed)
    this.#log.agentsAtRestart.push(this.#log.agents())
    await this.#stop()
    this.#options.onRestart?.(this.#starts + 1)
    await this.start()
  }

  async #stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()))
    this.#servers = new Map()
  }

  #workloads(): readonly Workload[] {
    return this.#plan.workloads.filter(({ role }) => role === 'server')
  }

  #portOf(name: string): number {
    const port = this.#ports.get(name)
    if (port === undefined) throw new RangeError(`no server "${name}"`)
    return port
  }
}

/** Processes of this machine whose environment holds the mark. */
function processesWith(mark: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)
    } catch {
      return false // ended meanwhile
    }
  }).length
}
