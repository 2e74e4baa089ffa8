import type { Flow } from '../../../evidence/flow.ts'
import type { Component } from '../../../topology/model.ts'

/** A running program of the lab that forwards bytes, whoever wrote it. */
export interface ForwardingProgram {
  /** Unique in the lab; evidence and errors call it so. */
  readonly name: string
  readonly component: Component
  /**
   * What it carried since it started. `others`: flows of the programs that know more of one connection, e.g. gateways,
   * which know whose it is. @throws HopmeterError when it has ended or cannot tell.
   */
  flows(others: readonly Flow[]): Promise<readonly Flow[]>
  /** @throws HopmeterError when it, or what stands beside it, has ended. */
  assertRunning(): void
  /** Keeps it, with what stands beside it and all that they start, on one CPU from now on. @throws CommandError */
  moveToCpu(cpu: number, signal: AbortSignal): Promise<void>
  /** CPU time so far, all threads together, ms; undefined when it cannot be read. */
  cpuMs(): number | undefined
  /** Time for which a CPU quota kept it from running, ms; undefined when it cannot be read. */
  throttledMs(): number | undefined
  /** Ends it; its namespaces stay, so that it can be started anew in them. Never throws. */
  stop(): Promise<void>
}
