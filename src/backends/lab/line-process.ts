import { JsonLinesProcess, type JsonLine } from '../../json-lines-process.ts'
import { throttledMsOf } from '../cgroup.ts'
import type { Anchor } from './anchor.ts'
import { onlyChild } from './child-process.ts'
import type { LabCommand } from './command.ts'
import { cpuTimeMs } from './cpu-time.ts'

const readyWithinMs = 30_000
const answerWithinMs = 10_000

/** A program of the lab that is told its configuration by its first line: a component, echo server or relay. */
export class LineProcess {
  readonly #process: JsonLinesProcess

  private constructor(process: JsonLinesProcess) {
    this.#process = process
  }

  /**
   * Starts the program, sends it its configuration, and waits until it listens. It ends with the lab.
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
    const process = new JsonLinesProcess(name, anchor.start(command))
    await process.ask(config, 'listening', { timeoutMs: readyWithinMs, signal })
    return new LineProcess(process)
  }

  /** Starts a program that answers its configuration with one result, and ends. */
  static async once<T extends JsonLine>(
    anchor: Anchor,
    name: string,
    command: LabCommand,
    config: object,
    type: T['type'],
    signal?: AbortSignal,
  ): Promise<T> {
    const process = new JsonLinesProcess(name, anchor.start(command))
    try {
      return await process.ask<T>(config, type, { timeoutMs: readyWithinMs, signal })
    } finally {
      await process.end(answerWithinMs)
    }
  }

  get name(): string {
    return this.#process.name
  }

  /** Sends a request and returns the answer of that type. @throws HopmeterError when the program cannot answer. */
  async ask<T extends JsonLine>(request: object, type: T['type']): Promise<T> {
    return await this.#process.ask<T>(request, type, { timeoutMs: answerWithinMs })
  }

  /** @throws HopmeterError when the program has ended or said something that it must not. */
  assertRunning(): void {
    this.#process.assertRunning()
  }

  /** CPU time of the program so far, all threads together, ms; undefined when it cannot be read. */
  cpuMs(): number | undefined {
    const child = this.#programPid()
    return child === undefined ? undefined : cpuTimeMs(child)
  }

  /** Time for which a CPU quota kept the program from running so far, ms; undefined when it cannot be read. */
  throttledMs(): number | undefined {
    const child = this.#programPid()
    return child === undefined ? undefined : throttledMsOf(child)
  }

  /** Ends its input, which ends the program. Never throws. */
  async end(): Promise<void> {
    await this.#process.end(answerWithinMs)
  }

  #programPid(): number | undefined {
    const { pid } = this.#process
    return pid === undefined ? undefined : onlyChild(pid)
  }
}
