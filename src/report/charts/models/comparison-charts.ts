import type { RunResult } from '../../../results/schema.ts'
import type { RunComparison } from '../../../analysis/compare-runs.ts'
import { comparisonsOf } from '../../tables/compared-runs.ts'
import type { ChartedRun } from '../chart-module.ts'
import type { ChartSpec } from '../kinds.ts'
import { comparisonModel } from '../kinds/delta.ts'
import { versionsModel } from '../kinds/versions.ts'

/** Forest plot of a comparison of runs: one group per quantile, one row per path and load. */
export function comparisonSpec(comparison: RunComparison, baseline: RunResult, deltaNs: number): ChartSpec {
  return {
    kind: 'delta',
    about: `${comparison.contender} against ${comparison.baseline}`,
    model: comparisonModel(comparison, baseline, deltaNs),
  }
}

/** p50 of each path over engines; undefined when all runs have the same one. */
export function versionsSpec(runs: readonly RunResult[]): ChartSpec | undefined {
  const model = versionsModel(runs)
  return model && { kind: 'versions', load: runs[0]?.loads[0]?.id ?? '', model }
}

/** What several runs look like beside each other: differences from the first, and paths over versions. */
export function comparisonCharts(runs: readonly ChartedRun[]): ChartSpec[] {
  if (runs.length < 2) return []
  const results = runs.map((run) => run.result)
  const deltaNs = runs[0]?.summary.margin.deltaNs ?? 0
  const differences = comparisonsOf(results)
    .filter(({ comparison }) => comparison.rows.length > 0)
    .map(({ comparison, baseline }) => comparisonSpec(comparison, baseline, deltaNs))
  const versions = versionsSpec(results)
  return versions ? [...differences, versions] : differences
}
