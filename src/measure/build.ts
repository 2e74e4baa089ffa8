import type { PathSample, Target } from '../agent/protocol.ts'
import {
  clientPodsOf,
  type Backend,
  type BackendContext,
  type RestartContext,
  type Testbed,
} from '../backends/backend.ts'
import type { Plan, PlannedPath } from '../plan/plan-scenario.ts'
import { HopmeterError } from '../errors.ts'
import type { PathEvidence } from '../results/schema.ts'
import { AgentGroup, type GroupTurn } from './agent-group.ts'
import { CpuMeter } from './cpu-meter.ts'
import type { NamedLoad } from '../load/profiles.ts'
import { judgeWindow } from './observe.ts'
import { generatorOf, hasTurnPerPath, type Turn } from './schedule.ts'

const requestTimeoutMs = 5000
/** Short, but longer than one request over the slowest path at its first connection. */
const proofTurnMs = 200
const maxProofTurns = 10

/** What is measured in a build, and how. */
export interface BuildPaths {
  readonly paths: readonly PlannedPath[]
  /** Tell two random halves of each path's requests apart, whose difference is its noise floor. */
  readonly halves: boolean
}

/** A testbed that is up, with one connected load agent per client pod and load. */
export class Build {
  readonly testbed: Testbed
  readonly cpu: CpuMeter
  /** Those that agents are connected for. */
  #paths: readonly PlannedPath[]
  readonly #settings: Omit<BuildPaths, 'paths'>
  readonly #agents = new Map<string, AgentGroup>()

  readonly #signal: AbortSignal

  /** @param testbed that is up already; `up` makes one */
  constructor(testbed: Testbed, { paths, ...settings }: BuildPaths, signal: AbortSignal) {
    this.testbed = testbed
    this.cpu = new CpuMeter(testbed, signal)
    this.#signal = signal
    this.#paths = paths
    this.#settings = settings
  }

  /** Stands the testbed up; agents are connected by `connect`. Leaves nothing behind when it fails. */
  static async up(backend: Backend, plan: Plan, paths: BuildPaths, context: BackendContext): Promise<Build> {
    const build = new Build(await backend.up(plan, context), paths, context.signal)
    // An agent in mid-turn answers only after its slot; a stop must not wait for that.
    context.signal.addEventListener('abort', () => build.#killAgents(), { once: true })
    return build
  }

  /**
   * Starts the load agents.
   * @param paths that what stands now has; those of the build unless given
   * @throws HopmeterError when one does not start
   */
  async connect(loads: readonly NamedLoad[], paths = this.#paths): Promise<void> {
    const timeoutMs = requestTimeoutMs
    this.#paths = paths
    for (const load of loads) {
      for (const [client, own] of this.#clients(load)) {
        const targets = this.#targets(own.map(({ name }) => name))
        const pods = clientPodsOf(this.testbed, own[0]!.clientWorkload)
        const settings = { load: load.load, timeoutMs, ...this.#settings }
        this.#agents.set(
          agentKey(client, load.id),
          await AgentGroup.open(pods, settings, targets, this.#signal),
        )
      }
    }
  }

  /**
   * Ends the load agents and starts every program of the testbed anew; `connect` again afterwards.
   * @throws HopmeterError when a program does not come back, or the backend cannot restart.
   */
  async restart(context: RestartContext): Promise<void> {
    await this.closeAgents()
    if (!this.testbed.restart)
      throw new HopmeterError('this backend cannot restart the programs of a testbed')
    await this.testbed.restart(context)
    this.cpu.forget()
  }

  /** @param flood all connections at once, to warm up */
  async turn(turn: Turn, seed: number, flood = false): Promise<GroupTurn> {
    const agents = this.#agents.get(agentKey(turn.client, turn.load.id))
    if (!agents) throw new Error(`no agent for ${turn.client} and ${turn.load.id}`)
    // Only for profiles that connect anew in each turn; others keep the connections that they have.
    if (hasTurnPerPath(turn.load)) await agents.retarget(this.#targets(turn.paths))
    return agents.turn(seed, turn.durationMs, flood)
  }

  /** Sends a little load over every path and judges what the components saw of it. */
  async prove(
    turns: readonly Turn[],
  ): Promise<{ evidence: readonly PathEvidence[]; samples: readonly PathSample[] }> {
    const before = await this.testbed.evidence()
    const results: GroupTurn[] = []
    for (const turn of turns) results.push(...(await this.#proofTurns(turn)))
    const after = await this.testbed.evidence()
    const samples = results.flatMap((result) => result.samples)
    return { evidence: judgeWindow(this.testbed, this.#paths, before, after, results), samples }
  }

  /** As many short turns as it takes to get to every path: first requests of many paths in a row take their time. */
  async #proofTurns(turn: Turn): Promise<GroupTurn[]> {
    const results: GroupTurn[] = []
    const isUnvisited = (path: string) =>
      results.every(({ samples }) =>
        samples.every((one) => one.path !== path || (one.sent === 0 && one.firstError === undefined)),
      )
    do results.push(await this.turn({ ...turn, durationMs: proofTurnMs }, results.length + 1))
    while (results.length < maxProofTurns && turn.paths.some(isUnvisited))
    return results
  }

  /** Ends the load agents; `connect` starts others. Never throws. */
  async closeAgents(): Promise<void> {
    const agents = [...this.#agents.values()]
    this.#agents.clear()
    await Promise.all(agents.map((group) => group.close()))
  }

  /** What `down` does, for whoever watches. */
  get downWords(): string {
    return this.testbed.isKept === true ? 'leaving the testbed standing' : 'taking the testbed down'
  }

  /** Ends the agents, then the testbed. Never throws for what is already gone. */
  async down(): Promise<void> {
    await this.closeAgents()
    await this.testbed.down()
  }

  /** The same after a failure, which is the news: what could not be taken down is told beside it. Never throws. */
  async downAfterFailure(note: (message: string) => void): Promise<void> {
    try {
      await this.down()
    } catch (error) {
      const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
      const hint = error instanceof HopmeterError && error.hint !== undefined ? ` (${error.hint})` : ''
      note(`the testbed could not be taken down: ${first}${hint}`)
    }
  }

  #targets(names: readonly string[]): readonly Target[] {
    const own = this.#paths.filter((path) => names.includes(path.name))
    // Of several clients none may have an easier way to its connections than the others.
    const isMixed = new Set(own.map(({ clientWorkload }) => clientWorkload.name)).size > 1
    return own.map((path) => ({
      path: path.name,
      ...this.testbed.target(path),
      ...(isMixed ? { dialer: this.testbed.dialer?.(path.clientWorkload) } : {}),
    }))
  }

  #killAgents(): void {
    for (const agents of this.#agents.values()) agents.kill()
  }

  /** Paths that share turns: those of one generator. */
  #clients(load: NamedLoad): ReadonlyMap<string, readonly PlannedPath[]> {
    const clients = new Map<string, PlannedPath[]>()
    for (const path of this.#paths) {
      const client = generatorOf({ ...path, client: path.clientWorkload.name }, load)
      clients.set(client, [...(clients.get(client) ?? []), path])
    }
    return clients
  }
}

function agentKey(client: string, load: string): string {
  return `${client}/${load}`
}
