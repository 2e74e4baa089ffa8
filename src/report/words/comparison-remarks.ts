import type { RunComparison } from '../../analysis/compare-runs.ts'
import { failedShare, failedText } from '../../analysis/error-share.ts'
import { formatMargin } from '../format.ts'
import { groupedWarnings } from './warnings.ts'

/** How the table of a comparison is to be read, and what is not in it. */
export function comparisonRemarks({ rows, errors, leftOut, levelsRefused }: RunComparison): string[] {
  const relative = [...new Set(rows.flatMap((row) => row.relativeTo ?? []))]
  const margin = rows.find((row) => row.comparison.verdict === 'same')?.comparison.margin
  return [
    ...relative.map(
      (path) => `ratios are of the ratio to "${path}" in the same round, so that the host cancels`,
    ),
    ...leftOut.map((path) => `"${path}" is left out: it was not proven on both sides`),
    ...errors.flatMap(({ path, load, ...sides }) =>
      (['baseline', 'contender'] as const).flatMap((side) =>
        failedShare(sides[side]) === 0 ? [] : [`${side}, ${path} under ${load}: ${failedText(sides[side])}`],
      ),
    ),
    ...(levelsRefused === null ? [] : [levelsRefused]),
    ...(margin === undefined ? [] : [`"same": the whole interval lies within ${formatMargin(margin)}`]),
    ...groupedWarnings(
      rows.map((row) => ({
        about: `${row.path} ${row.metric} ${row.quantile}`,
        warnings: row.comparison.warnings.filter(
          ({ code }) => code !== 'failed-requests' || row.comparison.refused,
        ),
      })),
    ),
  ]
}
