import { agentProtocolVersion, type Target } from '../agent/protocol.ts'
import { type LoadMessage, type LoadRequest } from '../agent/load-protocol.ts'
import type { Command } from '../backends/backend.ts'
import { start } from '../process/exec.ts'
import { JsonLinesProcess } from '../process/json-lines-process.ts'

export type TurnResult = Extract<LoadMessage, { type: 'turn' }>
type OpenSettings = Omit<Extract<LoadRequest, { type: 'open' }>, 'targets'>
/** What a load agent is opened with, targets apart. */
export type AgentSettings = Omit<OpenSettings, 'type' | 'version'>
type OpenedMessage = Extract<LoadMessage, { type: 'opened' }>
type ClosedMessage = Extract<LoadMessage, { type: 'closed' }>

/** How much longer than its turn an agent may take before we call it stuck. */
const turnGraceMs = 20_000
const endWithinMs = 2000

export interface AgentOptions {
  /** What errors call it. */
  readonly name?: string | undefined
  /** Ends connecting; later turns are ended by `kill`. */
  readonly signal?: AbortSignal | undefined
}

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
   * @throws HopmeterError when the agent cannot start or refuses the load; the reason of the signal when aborted.
   */
  static async open(
    command: Command,
    settings: AgentSettings,
    targets: readonly Target[],
    { name = 'load agent', signal }: AgentOptions = {},
  ): Promise<AgentClient> {
    signal?.throwIfAborted()
    const child = start(command.file, command.args, { env: command.env, inherit: command.inherit })
    const process = new JsonLinesProcess(name, child)
    const version = agentProtocolVersion
    const client = new AgentClient(process, { type: 'open', version, ...settings })
    await client.#open(targets, signal)
    return client
  }

  async #open(targets: readonly Target[], signal?: AbortSignal): Promise<void> {
    const request: LoadRequest = { ...this.#settings, targets }
    await this.#process.ask<OpenedMessage>(request, 'opened', {
      timeoutMs: this.#settings.timeoutMs * (targets.length + 1) + turnGraceMs,
      signal,
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
  async turn(seed: number, durationMs: number, flood = false): Promise<TurnResult> {
    this.#turns += 1
    const request: LoadRequest = { type: 'turn', id: this.#turns, seed, durationMs, flood }
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
