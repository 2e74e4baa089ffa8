import type { PathSample, Target } from '../agent/protocol.ts'
import { clientPodsOf, type Backend, type BackendContext, type Testbed } from '../backends/backend.ts'
import type { Plan } from '../backends/plan.ts'
import { HopmeterError } from '../errors.ts'
import type { PathEvidence } from '../results/schema.ts'
import { AgentGroup, type GroupTurn } from './agent-group.ts'
import { turnGroup, type MeasuredPath } from './control.ts'
import { CpuMeter } from './cpu-meter.ts'
import type { NamedLoad } from './loads.ts'
import { judgeWindow } from './observe.ts'
import { hasTurnPerPath, type Turn } from './schedule.ts'

const requestTimeoutMs = 5000
/** Short, but longer than one request over the slowest path at its first connection. */
const proofTurnMs = 200

/** A testbed that is up, with one connected load agent per client pod and load. */
export class Build {
  readonly testbed: Testbed
  readonly cpu: CpuMeter
  readonly #paths: readonly MeasuredPath[]
  readonly #agents = new Map<string, AgentGroup>()

  readonly #signal: AbortSignal

  private constructor(testbed: Testbed, paths: readonly MeasuredPath[], signal: AbortSignal) {
    this.testbed = testbed
    this.cpu = new CpuMeter(testbed, signal)
    this.#signal = signal
    this.#paths = paths
  }

  /** Stands the testbed up; agents are connected by `connect`. Leaves nothing behind when it fails. */
  static async up(
    backend: Backend,
    plan: Plan,
    paths: readonly MeasuredPath[],
    context: BackendContext,
  ): Promise<Build> {
    const build = new Build(await backend.up(plan, context), paths, context.signal)
    // An agent in mid-turn answers only after its slot; a stop must not wait for that.
    context.signal.addEventListener('abort', () => build.#killAgents(), { once: true })
    return build
  }

  /** Starts the load agents. @throws HopmeterError when one does not start. */
  async connect(loads: readonly NamedLoad[]): Promise<void> {
    for (const load of loads) {
      for (const [group, paths] of this.#groups()) {
        const targets = this.#targets(paths.map(({ name }) => name))
        const pods = clientPodsOf(this.testbed, paths[0]!.clientWorkload)
        const agents = await AgentGroup.open(pods, load.load, targets, requestTimeoutMs, this.#signal)
        this.#agents.set(agentKey(group, load.id), agents)
      }
    }
  }

  async turn(turn: Turn, seed: number): Promise<GroupTurn> {
    const agents = this.#agents.get(agentKey(turn.client, turn.load.id))
    if (!agents) throw new Error(`no agent for ${turn.client} and ${turn.load.id}`)
    // Only for profiles that connect anew in each turn; others keep the connections that they have.
    if (hasTurnPerPath(turn.load)) await agents.retarget(this.#targets(turn.paths))
    return agents.turn(seed, turn.durationMs)
  }

  /** Sends a little load over every path and judges what the components saw of it. */
  async prove(
    turns: readonly Turn[],
  ): Promise<{ evidence: readonly PathEvidence[]; samples: readonly PathSample[] }> {
    const before = await this.testbed.evidence()
    const results: GroupTurn[] = []
    for (const turn of turns) results.push(await this.turn({ ...turn, durationMs: proofTurnMs }, 1))
    const after = await this.testbed.evidence()
    const samples = results.flatMap((result) => result.samples)
    return { evidence: judgeWindow(this.testbed, this.#paths, before, after, results), samples }
  }

  /** Ends the agents, then the testbed. Never throws for what is already gone. */
  async down(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agents) => agents.close()))
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
    return own.map((path) => ({ path: path.name, ...this.testbed.target(path) }))
  }

  #killAgents(): void {
    for (const agents of this.#agents.values()) agents.kill()
  }

  #groups(): ReadonlyMap<string, readonly MeasuredPath[]> {
    const groups = new Map<string, MeasuredPath[]>()
    for (const path of this.#paths)
      groups.set(turnGroup(path), [...(groups.get(turnGroup(path)) ?? []), path])
    return groups
  }
}

function agentKey(client: string, load: string): string {
  return `${client}/${load}`
}
