import { setMaxListeners } from 'node:events'
import { readLines } from './lines.ts'
import { CommandError, HopmeterError } from '../errors.ts'
import type { BackgroundProcess } from './exec.ts'

/** Far above the histograms of a turn over many paths; a program that writes more on one line has lost its way. */
const maxLineChars = 64 * 1024 * 1024
const maxStderrChars = 4000

/** A message of a program: one JSON object on one line. `error` ends the conversation. */
export interface JsonLine {
  readonly type: string
}

export interface WaitOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

interface Waiting {
  readonly type: string
  readonly resolve: (message: JsonLine) => void
  readonly reject: (error: unknown) => void
}

/**
 * A program that reads JSON lines and answers each with one JSON line, in order. After the first failure no later
 * answer can be trusted: the program is killed with all that it started, and every request fails for the same reason.
 */
export class JsonLinesProcess {
  readonly name: string
  readonly #process: BackgroundProcess
  readonly #patience: WaitOptions
  readonly #waiting: Waiting[] = []
  #stderr = ''
  #failure: { readonly reason: unknown } | undefined

  /**
   * @param name what errors call the program, e.g. `echo server east-1`
   * @param patience for answers, where a request says nothing else
   */
  constructor(name: string, process: BackgroundProcess, patience: WaitOptions = { timeoutMs: 10_000 }) {
    this.name = name
    this.#process = process
    this.#patience = patience
    readLines(process.stdout, (line) => this.#receive(line), { maxChars: maxLineChars })
    process.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-maxStderrChars)
    })
    process.done.then(
      () => this.#fail(new HopmeterError(`${this.name} ended${this.#detail()}`)),
      (cause: unknown) => this.#fail(new HopmeterError(`${this.name} ${this.#howEnded(cause)}`, { cause })),
    )
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /**
   * Sends a request and returns its answer.
   * @throws HopmeterError when the program ends, reports an error, is silent for too long, or answers with another
   * type or no JSON; the signal's reason when that aborts.
   */
  async ask<T extends JsonLine>(
    request: object,
    type: T['type'],
    options: WaitOptions = this.#patience,
  ): Promise<T> {
    if (!this.#failure) this.#process.stdin.write(`${JSON.stringify(request)}\n`)
    return await this.next<T>(type, options)
  }

  /** Waits for a message that the program sends unasked. @throws as `ask` does. */
  async next<T extends JsonLine>(
    type: T['type'],
    { timeoutMs, signal }: WaitOptions = this.#patience,
  ): Promise<T> {
    this.assertRunning()
    signal?.throwIfAborted()
    const timer = setTimeout(() => {
      const message = `${this.name} said nothing within ${timeoutMs} ms, instead of "${type}"`
      this.#fail(new HopmeterError(message + this.#detail()))
    }, timeoutMs)
    const onAbort = () => this.#fail(signal?.reason)
    // Many programs share one stop signal; that is no leak.
    if (signal) setMaxListeners(0, signal)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#waiting.push({ type, resolve: (message) => resolve(message as T), reject })
      })
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** @throws HopmeterError when the program has ended or said something that it must not. */
  assertRunning(): void {
    if (this.#failure) throw this.#failure.reason
  }

  /** Ends its input, which ends the program; one that is still there after `graceMs` is killed. Never throws, never hangs. */
  async end(graceMs: number): Promise<void> {
    this.#failure ??= { reason: new HopmeterError(`${this.name} was closed`) }
    this.#process.stdin.end()
    const timer = setTimeout(() => this.kill(), graceMs)
    await this.#process.done.catch(() => {})
    clearTimeout(timer)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #receive(line: string): void {
    if (this.#failure) return
    const message = parse(line)
    if (!message) {
      this.#fail(new HopmeterError(`${this.name} wrote something that is no message: ${line.slice(0, 200)}`))
      return
    }
    if (message.type === 'error') {
      const { message: text = 'unknown error' } = message as { readonly message?: string }
      this.#fail(new HopmeterError(`${this.name}: ${text}`))
      return
    }
    const next = this.#waiting[0]
    if (next?.type === message.type) {
      this.#waiting.shift()
      next.resolve(message)
    } else {
      const instead = next ? `"${next.type}"` : 'waiting to be asked'
      this.#fail(new HopmeterError(`${this.name} answered "${message.type}" instead of ${instead}`))
    }
  }

  #fail(reason: unknown): void {
    if (!this.#failure) {
      this.#failure = { reason }
      this.kill()
    }
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure.reason)
  }

  /** What it wrote says more than its exit code; a program that never ran wrote nothing. */
  #howEnded(cause: unknown): string {
    if (cause instanceof CommandError && cause.reason === 'signal')
      return `failed: it ${cause.how}${this.#detail()}`
    return `failed${this.#detail() || `: ${cause instanceof Error ? cause.message : String(cause)}`}`
  }

  #detail(): string {
    const text = this.#stderr.trim()
    return text === '' ? '' : `: ${text}`
  }
}

function parse(line: string): JsonLine | undefined {
  try {
    const value: unknown = JSON.parse(line)
    const isMessage = typeof value === 'object' && value !== null && 'type' in value
    return isMessage && typeof value.type === 'string' ? (value as JsonLine) : undefined
  } catch {
    return undefined
  }
}
