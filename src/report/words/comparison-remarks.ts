import type { RunComparison } from '../../stats/compare-runs.ts'
import { formatUs } from '../format.ts'
import { groupedWarnings } from './warnings.ts'

/** How the table of a comparison is to be read, and what is not in it. */
export function comparisonRemarks({ rows, leftOut }: RunComparison): string[] {
  const relative = [...new Set(rows.flatMap((row) => row.relativeTo ?? []))]
  const delta = rows.find((row) => row.comparison.verdict === 'same')?.comparison.deltaNs
  return [
    ...relative.map(
      (path) => `differences are of the cost over "${path}" in the same round, so that the host cancels`,
    ),
    ...leftOut.map((path) => `"${path}" is left out: it was not proven on both sides`),
    ...(delta == null ? [] : [`"same": the whole interval lies within ±${formatUs(delta)} µs`]),
    ...groupedWarnings(
      rows.map((row) => ({
        about: `${row.path} ${row.metric} ${row.quantile}`,
        warnings: row.comparison.warnings,
      })),
    ),
  ]
}
