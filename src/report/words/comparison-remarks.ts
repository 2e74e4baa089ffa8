import type { RunComparison } from '../../stats/compare-runs.ts'
import { formatMargin } from '../format.ts'
import { groupedWarnings } from './warnings.ts'

/** How the table of a comparison is to be read, and what is not in it. */
export function comparisonRemarks({ rows, leftOut, levelsRefused }: RunComparison): string[] {
  const relative = [...new Set(rows.flatMap((row) => row.relativeTo ?? []))]
  const margin = rows.find((row) => row.comparison.verdict === 'same')?.comparison.margin
  return [
    ...relative.map(
      (path) => `ratios are of the ratio to "${path}" in the same round, so that the host cancels`,
    ),
    ...leftOut.map((path) => `"${path}" is left out: it was not proven on both sides`),
    ...(levelsRefused === null ? [] : [levelsRefused]),
    ...(margin === undefined ? [] : [`"same": the whole interval lies within ${formatMargin(margin)}`]),
    ...groupedWarnings(
      rows.map((row) => ({
        about: `${row.path} ${row.metric} ${row.quantile}`,
        warnings: row.comparison.warnings,
      })),
    ),
  ]
}
