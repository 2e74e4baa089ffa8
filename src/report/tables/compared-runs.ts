import { incomparable } from '../../results/comparable.ts'
import type { RunResult } from '../../results/schema.ts'
import { compareRuns, type RunComparison } from '../../analysis/compare-runs.ts'
import { engineOf } from '../words/engine.ts'

export interface ReportedComparison {
  readonly comparison: RunComparison
  readonly baseline: RunResult
  /** Why these runs must not be compared; then `comparison` has no rows. */
  readonly refusals: readonly string[]
}

/** Runs of the first run's engine against those of every other; of two runs of one engine, the second against the first. */
export function comparisonsOf(runs: readonly RunResult[]): ReportedComparison[] {
  const [first] = runs
  if (!first || runs.length < 2) return []
  const engines = [...new Set(runs.map(engineOf))]
  const of = (engine: string | undefined) => runs.filter((run) => engineOf(run) === engine)
  const pairs =
    engines.length > 1
      ? engines.slice(1).map((engine) => ({
          baseline: { label: engineOf(first), runs: of(engines[0]) },
          contender: { label: engine, runs: of(engine) },
        }))
      : runs.length === 2
        ? [
            {
              baseline: { label: first.id, runs: [first] },
              contender: { label: runs[1]?.id ?? '', runs: runs.slice(1) },
            },
          ]
        : []
  return pairs.map(({ baseline, contender }) => {
    const others = [...baseline.runs, ...contender.runs].filter((run) => run !== first)
    const refusals = [...new Set(others.flatMap((run) => incomparable(first, run).map((why) => why.message)))]
    const comparison =
      refusals.length === 0
        ? compareRuns(baseline, contender)
        : {
            baseline: baseline.label,
            contender: contender.label,
            rows: [],
            errors: [],
            leftOut: [],
            levelsRefused: null,
          }
    return { comparison, baseline: first, refusals }
  })
}
