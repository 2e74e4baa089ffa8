import { createInterface } from 'node:readline'
import {
  agentProtocolVersion,
  type DriverLoad,
  type LoadMessage,
  type LoadRequest,
  type Target,
} from '../agent/protocol.ts'
import type { Command } from '../backends/backend.ts'
import { HopmeterError } from '../errors.ts'
import { start, type BackgroundProcess } from '../exec.ts'

export type TurnResult = Extract<LoadMessage, { type: 'turn' }>

/** How much longer than its turn an agent may take before we call it stuck. */
const turnGraceMs = 20_000
const maxStderrChars = 4000

/** A running load agent: one process inside a client pod, with one driver and its connections. */
export class AgentClient {
  readonly #process: BackgroundProcess
  readonly #waiting: { resolve: (m: LoadMessage) => void; reject: (e: Error) => void }[] = []
  #stderr = ''
  #turns = 0
  #failure: Error | undefined

  private constructor(process: BackgroundProcess) {
    this.#process = process
    createInterface({ input: process.stdout }).on('line', (line) => this.#receive(line))
    process.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-maxStderrChars)
    })
    process.done.then(
      () => this.#fail(new HopmeterError(`the load agent ended early${this.#detail()}`)),
      (cause: unknown) => this.#fail(new HopmeterError(`the load agent failed${this.#detail()}`, { cause })),
    )
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
    const client = new AgentClient(start(command.file, command.args, { detached: true }))
    try {
      const request = {
        type: 'open',
        version: agentProtocolVersion,
        load,
        targets,
        timeoutMs,
        check,
      } as const
      await client.#ask(request, timeoutMs * (targets.length + 1) + turnGraceMs)
      return client
    } catch (error) {
      client.kill()
      throw error
    }
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Sends load for one slot and returns what came back, path by path. */
  async turn(seed: number, durationMs: number): Promise<TurnResult> {
    this.#turns += 1
    const answer = await this.#ask(
      { type: 'turn', id: this.#turns, seed, durationMs },
      durationMs + turnGraceMs,
    )
    if (answer.type !== 'turn')
      throw new HopmeterError(`the load agent answered a turn with "${answer.type}"`)
    return answer
  }

  /** Ends connections and the process; never throws. */
  async close(): Promise<void> {
    try {
      await this.#ask({ type: 'close' }, 2000)
    } catch {
      // Whatever state it is in: the end of its input is the end of it.
    }
    this.#process.stdin.end()
    const timer = setTimeout(() => this.kill(), 2000)
    await this.#process.done.catch(() => {})
    clearTimeout(timer)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #ask(request: LoadRequest, timeoutMs: number): Promise<LoadMessage> {
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise<LoadMessage>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.kill()
        reject(
          new HopmeterError(
            `the load agent did not answer "${request.type}" within ${timeoutMs} ms${this.#detail()}`,
          ),
        )
      }, timeoutMs)
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer)
          then(value)
        }
      this.#waiting.push({ resolve: settle(resolve), reject: settle(reject) })
      this.#process.stdin.write(`${JSON.stringify(request)}\n`)
    })
  }

  #receive(line: string): void {
    let message: LoadMessage
    try {
      message = JSON.parse(line) as LoadMessage
    } catch (cause) {
      this.#fail(
        new HopmeterError(`the load agent wrote something that is not JSON: ${line.slice(0, 200)}`, {
          cause,
        }),
      )
      return
    }
    if (message.type === 'error') this.#fail(new HopmeterError(`load agent: ${message.message}`))
    else this.#waiting.shift()?.resolve(message)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
  }

  #detail(): string {
    const text = this.#stderr.trim()
    return text === '' ? '' : `: ${text}`
  }
}
