import type { ComparisonRow, RunComparison } from '../../stats/compare-runs.ts'
import type { NestedEstimate } from '../../stats/summarize-nested.ts'
import { withPictures } from '../bars.ts'
import { formatDeltaUs, formatInterval, formatUs } from '../format.ts'
import { inlineText } from '../markdown/inline.ts'
import { differencePictures } from './pictures.ts'
import { failedShare, failedText } from '../../stats/error-share.ts'
import { groupedWarnings } from '../warnings.ts'
import { markdownTable, textTable } from '../table.ts'
import { printable } from '../../terminal-text.ts'

const headings = [
  'path',
  'load',
  'metric',
  'quantile',
  'baseline µs',
  'contender µs',
  'difference µs',
  '95 % interval',
  'verdict',
]
const numbers = [4, 5, 6]

/** A comparison for a terminal; intervals are drawn where `columns` leaves room for them. */
export function comparisonText(comparison: RunComparison, columns?: number): string {
  const { baseline, contender, rows } = comparison
  const table =
    rows.length === 0
      ? 'nothing to compare'
      : withPictures(
          textTable(headings, rows.map(cells), numbers),
          differencePictures(rows.map((row) => row.comparison)),
          columns,
        )
  const lines = [
    printable(`baseline:  ${baseline}`),
    printable(`contender: ${contender}`),
    '',
    table,
    '',
    ...remarks(comparison).map((r) => printable(`* ${r}`)),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

/** A comparison for a post or a pull request. */
export function comparisonMarkdown(comparison: RunComparison): string {
  const { baseline, contender, rows } = comparison
  const table =
    rows.length === 0 ? 'Nothing to compare.\n' : markdownTable(headings, rows.map(cells), numbers)
  const notes = remarks(comparison).map((remark) => `- ${inlineText(remark)}`)
  return `${[`Baseline: ${inlineText(baseline)}`, '', `Contender: ${inlineText(contender)}`, '', table, ...notes].join('\n').trimEnd()}\n`
}

function cells({ path, load, metric, quantile, baseline, contender, comparison }: ComparisonRow): string[] {
  const { difference, low, high, verdict } = comparison
  return [
    path,
    load,
    metric,
    quantile,
    value(baseline),
    value(contender),
    difference === null ? '-' : formatDeltaUs(difference),
    formatInterval(low, high, formatDeltaUs),
    verdict,
  ]
}

function value({ estimate, low, high }: NestedEstimate): string {
  if (estimate === null) return '-'
  const interval = formatInterval(low, high, formatUs)
  return interval === '-' ? formatUs(estimate) : `${formatUs(estimate)} ${interval}`
}

function remarks({ rows, errors, leftOut }: RunComparison): string[] {
  const relative = [...new Set(rows.flatMap((row) => row.relativeTo ?? []))]
  const delta = rows.find((row) => row.comparison.verdict === 'same')?.comparison.deltaNs
  return [
    ...relative.map(
      (path) => `differences are of the cost over "${path}" in the same round, so that the host cancels`,
    ),
    ...leftOut.map((path) => `"${path}" is left out: it was not proven on both sides`),
    ...errors.flatMap(({ path, load, ...sides }) =>
      (['baseline', 'contender'] as const).flatMap((side) =>
        failedShare(sides[side]) === 0 ? [] : [`${side}, ${path} under ${load}: ${failedText(sides[side])}`],
      ),
    ),
    ...(delta == null ? [] : [`"same": the whole interval lies within ±${formatUs(delta)} µs`]),
    ...groupedWarnings(
      rows.map((row) => ({
        about: `${row.path} ${row.metric} ${row.quantile}`,
        warnings: row.comparison.warnings.filter(
          (w) => w.code !== 'failed-requests' || row.comparison.refused,
        ),
      })),
    ),
  ]
}
