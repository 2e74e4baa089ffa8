import type { GeneratorHealth, PathSample, Target } from '../agent/protocol.ts'
import type { ClientPod } from '../backends/backend.ts'
import { AgentClient, type AgentSettings } from './agent-client.ts'
import { mergeSamples } from './merge-samples.ts'

/** What one pod of a client did in a turn. */
export interface PodTurn {
  readonly samples: readonly PathSample[]
  readonly health: GeneratorHealth
}

/** What all pods of a client did in a turn. */
export interface GroupTurn {
  /** Of all pods together: counts and histograms added up. */
  readonly samples: readonly PathSample[]
  /** Of each pod, in their order; one entry where the client is one pod. */
  readonly pods: readonly PodTurn[]
}

/** The load agents of one client, one in each of its pods. They run the same turns at the same time. */
export class AgentGroup {
  readonly #agents: readonly AgentClient[]

  private constructor(agents: readonly AgentClient[]) {
    this.#agents = agents
  }

  /**
   * Starts an agent in every pod and connects its driver.
   * @throws HopmeterError when one does not start; the others are ended then.
   */
  static async open(
    pods: readonly ClientPod[],
    settings: AgentSettings,
    targets: readonly Target[],
    signal?: AbortSignal,
  ): Promise<AgentGroup> {
    const opened = await Promise.allSettled(
      pods.map(({ name, command }) =>
        AgentClient.open(command, settings, targets, { name: `load agent of ${name}`, signal }),
      ),
    )
    const agents = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const failure = opened.find((result) => result.status === 'rejected')
    if (!failure) return new AgentGroup(agents)
    await Promise.all(agents.map((agent) => agent.close()))
    throw failure.reason
  }

  /**
   * One slot of load from every pod. Pods are told at the same time and all get the same seed, so that profiles which
   * load one path after the other load the same path in all pods.
   */
  async turn(seed: number, durationMs: number, flood = false): Promise<GroupTurn> {
    const pods = await Promise.all(this.#agents.map((agent) => agent.turn(seed, durationMs, flood)))
    return { samples: mergeSamples(pods.map(({ samples }) => samples)), pods }
  }

  /** Connects the same load to other targets; the processes stay as warm as they are. */
  async retarget(targets: readonly Target[]): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.retarget(targets)))
  }

  /** Ends connections and processes; never throws. */
  async close(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.close()))
  }

  kill(): void {
    for (const agent of this.#agents) agent.kill()
  }
}
