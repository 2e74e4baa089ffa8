import type { Backend } from '../backends/backend.ts'
import type { Plan, PlannedPath } from '../plan/plan-scenario.ts'
import type { JournalEvent } from '../results/schema.ts'
import type { RoundPlan } from '../scenario/types.ts'
import type { NamedLoad } from '../load/profiles.ts'
import type { Reporter } from './reporter.ts'
import type { PlannedBuild } from './resume.ts'

export type VerifyMode = 'strict' | 'warn' | 'off'

export interface MeasureOptions {
  readonly backend: Backend
  readonly plan: Plan
  /** Possible paths of the plan. */
  readonly paths: readonly PlannedPath[]
  readonly loads: readonly NamedLoad[]
  /** Whether variants have starts of their own in every restart; false: all are in every round. */
  readonly switched?: boolean | undefined
  readonly rounds: RoundPlan
  /** Which builds to stand up, and which restarts of the run each has. */
  readonly builds: readonly PlannedBuild[]
  /** Rounds that were measured before the run was interrupted. */
  readonly before: readonly { readonly flags: readonly string[] }[]
  /** Tell two random halves of each path's requests apart, whose difference is its noise floor. */
  readonly halves: boolean
  readonly seed: number
  readonly verify: VerifyMode
  readonly reporter: Reporter
  readonly signal: AbortSignal
  /** Where a build that fails keeps what its testbed says; nothing is kept where it is absent. */
  readonly failureFolder?: string | undefined
  /** Makes an event durable before the measurement goes on. */
  readonly record: (event: JournalEvent) => Promise<void>
}
