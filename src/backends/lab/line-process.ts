import { JsonLinesProcess, type JsonLine } from '../../process/json-lines-process.ts'
import { throttledMsOf } from '../cgroup.ts'
import type { Anchor } from './anchor.ts'
import { onlyChild } from './child-process.ts'
import type { LabCommand } from './command.ts'
import { moveToCpu } from './cpus.ts'
import { cpuTimeMs } from './cpu-time.ts'

const readyWithinMs = 30_000
const answerWithinMs = 10_000

/** A program of the lab that is told its configuration by its first line: a component, echo server or relay. */
export class LineProcess extends JsonLinesProcess {
  /**
   * Starts the program, sends it its configuration, and waits until it listens. It ends with the lab. An abort also
   * ends later waiting for its answers.
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
    const process = new LineProcess(name, anchor.start(command), { timeoutMs: answerWithinMs, signal })
    await process.ask(config, 'listening', { timeoutMs: readyWithinMs, signal })
    return process
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
    const process = new LineProcess(name, anchor.start(command))
    try {
      return await process.ask<T>(config, type, { timeoutMs: readyWithinMs, signal })
    } finally {
      await process.end(answerWithinMs)
    }
  }

  /** Keeps the program on one CPU from now on. @throws CommandError */
  async moveToCpu(cpu: number, signal: AbortSignal): Promise<void> {
    const pid = this.#programPid()
    if (pid !== undefined) await moveToCpu(pid, cpu, signal)
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

  #programPid(): number | undefined {
    return this.pid === undefined ? undefined : onlyChild(this.pid)
  }
}
