import type { PathSample } from '../agent/protocol.ts'
import type { Backend, BackendContext, Testbed } from '../backends/backend.ts'
import type { Plan } from '../backends/plan.ts'
import type { PathEvidence } from '../results/schema.ts'
import { AgentClient, type TurnResult } from './agent-client.ts'
import { turnGroup, type MeasuredPath } from './control.ts'
import type { NamedLoad } from './loads.ts'
import { judgeWindow } from './observe.ts'
import type { Turn } from './schedule.ts'

const requestTimeoutMs = 5000
/** Short, but longer than one request over the slowest path at its first connection. */
const proofTurnMs = 200

/** A testbed that is up, with one connected load agent per client and load. */
export class Build {
  readonly testbed: Testbed
  readonly #paths: readonly MeasuredPath[]
  readonly #agents = new Map<string, AgentClient>()

  private constructor(testbed: Testbed, paths: readonly MeasuredPath[]) {
    this.testbed = testbed
    this.#paths = paths
  }

  /** Stands the testbed up; agents are connected by `connect`. Leaves nothing behind when it fails. */
  static async up(
    backend: Backend,
    plan: Plan,
    paths: readonly MeasuredPath[],
    context: BackendContext,
  ): Promise<Build> {
    const build = new Build(await backend.up(plan, context), paths)
    // An agent in mid-turn answers only after its slot; a stop must not wait for that.
    context.signal.addEventListener('abort', () => build.#killAgents(), { once: true })
    return build
  }

  /** Starts the load agents. @throws HopmeterError when one does not start. */
  async connect(loads: readonly NamedLoad[]): Promise<void> {
    for (const load of loads) {
      for (const [group, paths] of this.#groups()) {
        const targets = paths.map((path) => ({ path: path.name, ...this.testbed.target(path) }))
        const command = this.testbed.agentCommand(paths[0]!.clientWorkload, 'load')
        const agent = await AgentClient.open(command, load.load, targets, requestTimeoutMs)
        this.#agents.set(agentKey(group, load.id), agent)
      }
    }
  }

  async turn(turn: Turn, seed: number): Promise<TurnResult> {
    const agent = this.#agents.get(agentKey(turn.client, turn.load.id))
    if (!agent) throw new Error(`no agent for ${turn.client} and ${turn.load.id}`)
    return agent.turn(seed, turn.durationMs)
  }

  /** Sends a little load over every path and judges what the components saw of it. */
  async prove(
    turns: readonly Turn[],
  ): Promise<{ evidence: readonly PathEvidence[]; samples: readonly PathSample[] }> {
    const before = await this.testbed.evidence()
    const samples: PathSample[] = []
    for (const turn of turns)
      samples.push(...(await this.turn({ ...turn, durationMs: proofTurnMs }, 1)).samples)
    const after = await this.testbed.evidence()
    return { evidence: judgeWindow(this.testbed, this.#paths, before, after, samples), samples }
  }

  /** Ends the agents, then the testbed. Never throws for what is already gone. */
  async down(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()))
    await this.testbed.down()
  }

  #killAgents(): void {
    for (const agent of this.#agents.values()) agent.kill()
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
