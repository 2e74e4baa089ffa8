import type { RunResult } from '../../results/schema.ts'
import type { RunSummary } from '../../analysis/summarize-run.ts'

/** A run with what its rounds say. */
export interface ReportedRun {
  readonly result: RunResult
  readonly summary: RunSummary
}
