import type { Backend } from '../backends/backend.ts'
import type { Plan } from '../backends/plan.ts'
import type { JournalEvent } from '../results/schema.ts'
import type { MeasuredPath } from './control.ts'
import type { NamedLoad } from './loads.ts'
import type { Reporter } from './reporter.ts'

export type VerifyMode = 'strict' | 'warn' | 'off'

/** What `measure` needs to know. */
export interface MeasureOptions {
  readonly backend: Backend
  readonly plan: Plan
  /** Possible paths of the plan, with the control. */
  readonly paths: readonly MeasuredPath[]
  readonly loads: readonly NamedLoad[]
  readonly rounds: {
    readonly count: number
    readonly durationMs: number
    readonly warmupMs: number
    readonly builds: number
  }
  readonly seed: number
  readonly verify: VerifyMode
  readonly reporter: Reporter
  readonly signal: AbortSignal
  /** Where a build that fails keeps what its testbed says; nothing is kept where it is absent. */
  readonly failureFolder?: string | undefined
  /** Makes an event durable before the measurement goes on. */
  readonly record: (event: JournalEvent) => Promise<void>
}
