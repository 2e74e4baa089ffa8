import { start } from '../../../process/exec.ts'
import { JsonLinesProcess, type JsonLine } from '../../../process/json-lines-process.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { guardArguments } from './guard-script.ts'

interface Thawed extends JsonLine {
  readonly type: 'thawed'
  /** By the node's clock. */
  readonly atS: number
  /** Nobody thawed in time, so that the guard did. */
  readonly expired: boolean
}

const endWithinMs = 5000

/** The program in one node that stops its control plane and daemons, and lets them run when we are gone. */
export class NodeGuard {
  readonly node: string
  readonly #process: JsonLinesProcess

  private constructor(node: string, process: JsonLinesProcess) {
    this.node = node
    this.#process = process
  }

  /** @throws HopmeterError when it does not start. */
  static async start(tools: Toolbox, node: string, signal: AbortSignal): Promise<NodeGuard> {
    const command = tools.docker(['exec', '--interactive', node, 'bash', ...guardArguments()])
    const child = start(command.file, command.args, { env: tools.env(command) })
    const process = new JsonLinesProcess(`guard of ${node}`, child, { timeoutMs: tools.deadlineMs(10_000) })
    const guard = new NodeGuard(node, process)
    try {
      await process.next('ready', { timeoutMs: tools.deadlineMs(30_000), signal })
      return guard
    } catch (error) {
      await guard.end()
      throw error
    }
  }

  /** @throws HopmeterError when it does not answer; it thaws by itself then. */
  async freeze(): Promise<void> {
    await this.#process.ask({ type: 'freeze' }, 'frozen')
  }

  /** @throws HopmeterError when it does not answer; it thaws by itself then. */
  thaw(): Promise<Thawed> {
    return this.#process.ask<Thawed>({ type: 'thaw' }, 'thawed')
  }

  /** The end of its input thaws the node, also where it was not asked to. Never throws. */
  end(): Promise<void> {
    return this.#process.end(endWithinMs)
  }

  /** Whether it said that it did. Never throws. */
  async thawAndEnd(): Promise<boolean> {
    const isThawed = await this.thaw().then(
      () => true,
      () => false,
    )
    await this.end()
    return isThawed
  }
}
