import { createInterface } from 'node:readline'
import { HopmeterError } from '../../errors.ts'
import { start, type BackgroundProcess } from '../../exec.ts'
import type { Command } from '../backend.ts'

const maxStderrChars = 2000

interface Message {
  readonly type: string
  readonly message?: string
}

/** A program behind `kubectl exec -i` that answers each line of JSON with one line of JSON. */
export class PodProcess {
  readonly #name: string
  readonly #process: BackgroundProcess
  readonly #waiting: { resolve: (message: Message) => void; reject: (error: Error) => void }[] = []
  #stderr = ''
  #failure: Error | undefined

  private constructor(name: string, process: BackgroundProcess) {
    this.#name = name
    this.#process = process
    createInterface({ input: process.stdout }).on('line', (line) => this.#receive(line))
    process.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-maxStderrChars)
    })
    process.done.then(
      () => this.#fail(new HopmeterError(`${this.#name} ended${this.#detail()}`)),
      (cause: unknown) => this.#fail(new HopmeterError(`${this.#name} failed${this.#detail()}`, { cause })),
    )
  }

  /** Starts it and waits for its first line. @throws HopmeterError when that does not come or is an error. */
  static async start(
    name: string,
    command: Command,
    options: {
      readonly env: Record<string, string>
      readonly timeoutMs: number
      readonly signal?: AbortSignal
    },
  ): Promise<PodProcess> {
    const process = new PodProcess(
      name,
      start(command.file, command.args, { env: options.env, detached: true }),
    )
    try {
      await process.#next(options.timeoutMs, options.signal)
      return process
    } catch (error) {
      process.close()
      throw error
    }
  }

  /** @throws HopmeterError when it ended, says nothing in time or answers with an error. */
  async ask<T>(request: object, timeoutMs: number): Promise<T> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`)
    return (await this.#next(timeoutMs)) as T
  }

  close(): void {
    this.#failure ??= new HopmeterError(`${this.#name} was closed`)
    this.#process.stdin.end()
    this.#process.kill('SIGTERM')
  }

  #next(timeoutMs: number, signal?: AbortSignal): Promise<Message> {
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      const stop = () => this.#fail(signal?.reason as Error)
      const settled = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', stop)
      }
      const timer = setTimeout(
        () =>
          this.#fail(new HopmeterError(`${this.#name} said nothing within ${timeoutMs} ms${this.#detail()}`)),
        timeoutMs,
      )
      signal?.addEventListener('abort', stop, { once: true })
      this.#waiting.push({
        resolve: (message) => {
          settled()
          resolve(message)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      })
    })
  }

  #receive(line: string): void {
    let message: Message
    try {
      message = JSON.parse(line) as Message
    } catch (cause) {
      this.#fail(
        new HopmeterError(`${this.#name} wrote something that is not JSON: ${line.slice(0, 200)}`, { cause }),
      )
      return
    }
    if (message.type === 'error')
      this.#fail(new HopmeterError(`${this.#name}: ${message.message ?? 'unknown error'}`))
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
