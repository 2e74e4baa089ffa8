import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { HopmeterError } from '../../errors.ts'
import type { BackgroundProcess } from '../../exec.ts'
import type { Anchor } from './anchor.ts'
import type { LabCommand } from './command.ts'
import { cpuTimeMs } from './cpu-time.ts'

const maxStderrChars = 4000
const readyWithinMs = 30_000
const answerWithinMs = 10_000

interface Message {
  readonly type: string
}

interface Waiting {
  readonly type: string
  readonly resolve: (message: Message) => void
  readonly reject: (error: Error) => void
}

/** A program of the lab that reads JSON lines and answers with JSON lines: a component, echo server or relay. */
export class LineProcess {
  readonly name: string
  readonly #process: BackgroundProcess
  readonly #waiting: Waiting[] = []
  #stderr = ''
  #failure: Error | undefined

  private constructor(name: string, process: BackgroundProcess) {
    this.name = name
    this.#process = process
    createInterface({ input: process.stdout }).on('line', (line) => this.#receive(line))
    process.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-maxStderrChars)
    })
    process.done.then(
      () => this.#fail(new HopmeterError(`${this.name} ended early${this.#detail()}`)),
      (cause: unknown) => this.#fail(new HopmeterError(`${this.name} failed${this.#detail()}`, { cause })),
    )
  }

  /**
   * Starts the program, sends it its configuration, and waits until it listens.
   * @throws HopmeterError when it ends, reports an error or is silent.
   */
  static async start(
    anchor: Anchor,
    name: string,
    command: LabCommand,
    config: object,
    signal?: AbortSignal,
  ): Promise<LineProcess> {
    signal?.throwIfAborted()
    const process = new LineProcess(name, anchor.start(command))
    await process.#ask(config, 'listening', readyWithinMs, signal)
    return process
  }

  /** Starts a program that answers its configuration with one result, and ends. */
  static async once<T extends Message>(
    anchor: Anchor,
    name: string,
    command: LabCommand,
    config: object,
    type: T['type'],
    signal?: AbortSignal,
  ): Promise<T> {
    const process = new LineProcess(name, anchor.start(command))
    try {
      return (await process.#ask(config, type, readyWithinMs, signal)) as T
    } finally {
      process.#process.stdin.end()
    }
  }

  /** Sends a request and returns the answer of that type. @throws HopmeterError when the program cannot answer. */
  async ask<T extends Message>(request: object, type: T['type']): Promise<T> {
    return (await this.#ask(request, type, answerWithinMs)) as T
  }

  /** @throws HopmeterError when the program has ended or said something that it must not. */
  assertRunning(): void {
    if (this.#failure) throw this.#failure
  }

  /** CPU time of the program so far, all threads together, ms; undefined when it cannot be read. */
  cpuMs(): number | undefined {
    const pid = this.#process.pid === undefined ? undefined : onlyChild(this.#process.pid)
    return pid === undefined ? undefined : cpuTimeMs(pid)
  }

  #ask(request: object, type: string, timeoutMs: number, signal?: AbortSignal): Promise<Message> {
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise<Message>((resolve, reject) => {
      const settled = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      const waiting: Waiting = {
        type,
        resolve: (message) => {
          settled()
          resolve(message)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      }
      const timer = setTimeout(() => {
        this.#fail(new HopmeterError(`${this.name} said nothing within ${timeoutMs} ms${this.#detail()}`))
      }, timeoutMs)
      const onAbort = () => this.#fail(signal?.reason as Error)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiting)
      this.#process.stdin.write(`${JSON.stringify(request)}\n`)
    })
  }

  #receive(line: string): void {
    let message: Message & { readonly message?: string }
    try {
      message = JSON.parse(line) as Message
    } catch (cause) {
      this.#fail(
        new HopmeterError(`${this.name} wrote something that is not JSON: ${line.slice(0, 200)}`, { cause }),
      )
      return
    }
    if (message.type === 'error') {
      this.#fail(new HopmeterError(`${this.name}: ${message.message ?? 'unknown error'}`))
      return
    }
    const next = this.#waiting.shift()
    if (next?.type === message.type) next.resolve(message)
    else next?.reject(new HopmeterError(`${this.name} answered "${message.type}" instead of "${next.type}"`))
  }

  /** Answers come in order, so after a failure no later answer can be trusted. */
  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
  }

  #detail(): string {
    const text = this.#stderr.trim()
    return text === '' ? '' : `: ${text}`
  }
}

/** `nsenter` stays outside the PID namespace; the program is its child. */
function onlyChild(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return children === '' ? undefined : Number(children.split(' ')[0])
  } catch {
    return undefined // ended, or a kernel without CONFIG_PROC_CHILDREN
  }
}
