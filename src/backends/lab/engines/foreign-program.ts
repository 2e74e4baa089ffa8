import { setTimeout as sleep } from 'node:timers/promises'
import { readLines } from '../../../process/lines.ts'
import { HopmeterError } from '../../../errors.ts'
import type { BackgroundProcess } from '../../../process/exec.ts'
import { throttledMsOf } from '../../cgroup.ts'
import type { Anchor } from '../anchor.ts'
import { onlyChild } from '../child-process.ts'
import type { LabCommand } from '../command.ts'
import { cpuTimeMs } from '../cpu-time.ts'
import { moveToCpu } from '../cpus.ts'

const maxLineChars = 1024 * 1024
/** What is kept of a program's words, for the error that quotes them. */
const keptLines = 12
const endWithinMs = 5000
const pollMs = 20

export interface ForeignProgramOptions {
  /** Unique in the lab. */
  readonly name: string
  readonly command: LabCommand
  /** What to try when it fails, e.g. another version. */
  readonly hint: string
  /** Every line of its standard output. */
  readonly onLine: (line: string) => void
}

/** A program that others wrote, inside the lab: it is told nothing after its start, and is listened to. */
export class ForeignProgram {
  readonly name: string
  readonly #process: BackgroundProcess
  readonly #hint: string
  readonly #words: string[] = []
  #ended: HopmeterError | undefined
  #stopping = false

  constructor(anchor: Anchor, { name, command, hint, onLine }: ForeignProgramOptions) {
    this.name = name
    this.#hint = hint
    this.#process = anchor.start(command)
    readLines(
      this.#process.stdout,
      (line) => {
        this.#keep(line)
        onLine(line)
      },
      { maxChars: maxLineChars },
    )
    readLines(this.#process.stderr, (line) => this.#keep(line), { maxChars: maxLineChars })
    this.#process.done.then(
      () => this.#end(undefined),
      (cause: unknown) => this.#end(cause),
    )
  }

  /** @throws HopmeterError with its last words when it has ended. */
  assertRunning(): void {
    if (this.#ended) throw this.#ended
  }

  /** An error about this program, with its last words. */
  failure(what: string, cause?: unknown): HopmeterError {
    const words = this.#words.length === 0 ? '' : `:\n${this.#words.join('\n')}`
    return new HopmeterError(`${this.name} ${what}${words}`, { cause, hint: this.#hint })
  }

  /**
   * Asks again and again until `attempt` says yes.
   * @throws HopmeterError with its last words when it ends first or the time is over; the signal's reason.
   */
  async until(
    what: string,
    attempt: () => Promise<boolean> | boolean,
    { withinMs, signal }: { readonly withinMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<void> {
    const deadline = Date.now() + withinMs
    let last: unknown
    for (;;) {
      this.assertRunning()
      signal?.throwIfAborted()
      try {
        if (await attempt()) return
      } catch (error) {
        last = error
      }
      if (Date.now() > deadline) throw this.failure(`${what} not within ${withinMs} ms`, last)
      await sleep(pollMs, undefined, signal ? { signal } : {})
    }
  }

  /** @throws CommandError */
  async moveToCpu(cpu: number, signal: AbortSignal): Promise<void> {
    const pid = this.#pid()
    if (pid !== undefined) await moveToCpu(pid, cpu, signal)
  }

  cpuMs(): number | undefined {
    const pid = this.#pid()
    return pid === undefined ? undefined : cpuTimeMs(pid)
  }

  throttledMs(): number | undefined {
    const pid = this.#pid()
    return pid === undefined ? undefined : throttledMsOf(pid)
  }

  /** Asks it to end, and kills it when it does not. Never throws. */
  async stop(): Promise<void> {
    this.#stopping = true
    const pid = this.#pid()
    // A signal to nsenter would leave its child behind.
    if (pid !== undefined) signalled(pid, 'SIGTERM')
    const timer = setTimeout(() => {
      const left = this.#pid()
      if (left !== undefined) signalled(left, 'SIGKILL')
      this.#process.kill('SIGKILL')
    }, endWithinMs)
    await this.#process.done.catch(() => {})
    clearTimeout(timer)
  }

  #pid(): number | undefined {
    const { pid } = this.#process
    return pid === undefined || this.#ended ? undefined : onlyChild(pid)
  }

  #keep(line: string): void {
    this.#words.push(line)
    if (this.#words.length > keptLines) this.#words.shift()
  }

  #end(cause: unknown): void {
    this.#ended = this.failure(this.#stopping ? 'was stopped' : 'ended', cause)
  }
}

function signalled(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it has ended by itself
  }
}
