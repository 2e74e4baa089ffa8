import {
  agentProtocolVersion,
  type DriverLoad,
  type LoadMessage,
  type LoadRequest,
  type Target,
} from '../agent/protocol.ts'
import type { Command } from '../backends/backend.ts'
import { start } from '../exec.ts'
import { JsonLinesProcess } from '../json-lines-process.ts'

export type TurnResult = Extract<LoadMessage, { type: 'turn' }>
type OpenSettings = Omit<Extract<LoadRequest, { type: 'open' }>, 'targets'>
type OpenedMessage = Extract<LoadMessage, { type: 'opened' }>
type ClosedMessage = Extract<LoadMessage, { type: 'closed' }>

/** How much longer than its turn an agent may take before we call it stuck. */
const turnGraceMs = 20_000
const endWithinMs = 2000

/** A running load agent: one process inside a client pod, with one driver and its connections. */
export class AgentClient {
  readonly #process: JsonLinesProcess
  #turns = 0
  readonly #settings: OpenSettings

  private constructor(process: JsonLinesProcess, settings: OpenSettings) {
    this.#process = process
    this.#settings = settings
  }

  /**
   * Starts the agent and connects its driver.
   * @throws HopmeterError when the agent cannot start or refuses the load.
   */
  static async open(
    command: Command,
    load: DriverLoad,
    targets: readonly Target[],
    timeoutMs: number,
    check: 'echo' | 'status' = 'echo',
  ): Promise<AgentClient> {
    const child = start(command.file, command.args, {
      detached: true,
      env: command.env,
      inherit: command.inherit,
    })
    const process = new JsonLinesProcess('load agent', child)
    const version = agentProtocolVersion
    const client = new AgentClient(process, { type: 'open', version, load, timeoutMs, check })
    await client.#open(targets)
    return client
  }

  async #open(targets: readonly Target[]): Promise<void> {
    const request: LoadRequest = { ...this.#settings, targets }
    await this.#process.ask<OpenedMessage>(request, 'opened', {
      timeoutMs: this.#settings.timeoutMs * (targets.length + 1) + turnGraceMs,
    })
  }

  /** Ends all connections and opens the same load for other targets; the process stays as warm as it is. */
  async retarget(targets: readonly Target[]): Promise<void> {
    const request: LoadRequest = { type: 'close' }
    await this.#process.ask<ClosedMessage>(request, 'closed', { timeoutMs: turnGraceMs })
    await this.#open(targets)
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Sends load for one slot and returns what came back, path by path. */
  async turn(seed: number, durationMs: number): Promise<TurnResult> {
    this.#turns += 1
    const request: LoadRequest = { type: 'turn', id: this.#turns, seed, durationMs }
    return await this.#process.ask<TurnResult>(request, 'turn', { timeoutMs: durationMs + turnGraceMs })
  }

  /** Ends connections and the process; never throws. */
  async close(): Promise<void> {
    const request: LoadRequest = { type: 'close' }
    // Whatever state it is in: the end of its input is the end of it.
    await this.#process.ask<ClosedMessage>(request, 'closed', { timeoutMs: endWithinMs }).catch(() => {})
    await this.#process.end(endWithinMs)
  }

  kill(): void {
    this.#process.kill()
  }
}
