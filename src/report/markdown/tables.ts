import type { RunComparison } from '../../stats/compare-runs.ts'
import type { RunSummary } from '../../stats/summarize-run.ts'
import { costTables } from '../cost-tables.ts'
import { formatDeltaUs, formatInterval, formatUs } from '../format.ts'
import { markdownTable } from '../table.ts'
import { inlineText } from './inline.ts'

/** Paths with their quantiles, then what each step costs; one pair of tables per load. */
export function summaryTables(summary: RunSummary): string[] {
  const loads = [...new Set(summary.paths.map((path) => path.load))]
  return loads.flatMap((load) => [
    `Latency under the load ${inlineText(load)}, µs:`,
    markdownTable(
      ['path', 'components', 'p50', '95% interval', 'p90', 'p99', 'requests'],
      summary.paths
        .filter((path) => path.load === load)
        .map(({ path, controlOf, hops, quantiles: { p50, p90, p99 }, requests }) => [
          controlOf === undefined ? path : `${path} (A/A control)`,
          String(hops),
          value(p50.estimate),
          formatInterval(p50.low, p50.high, formatUs),
          value(p90.estimate),
          value(p99.estimate),
          requests.toLocaleString('en'),
        ]),
      [1, 2, 4, 5, 6],
    ),
    'What each step costs at p50, µs:',
    markdownTable(
      ['step', 'adds', 'difference', '95% interval', 'verdict'],
      [...summary.steps, ...summary.controls]
        .filter((step) => step.load === load)
        .map(({ from, to, adds, comparison: { difference, low, high, verdict } }) => [
          `${from} → ${to}`,
          adds.length === 0 ? 'nothing' : adds.join(', '),
          signed(difference),
          formatInterval(low, high, formatDeltaUs),
          verdict,
        ]),
      [2],
    ),
  ])
}

/** CPU time per request, and sweeps over connections. */
export function costMarkdown(summary: RunSummary): string[] {
  return costTables(summary).flatMap(({ title, headings, rows, right }) => [
    `${inlineText(title)}:`,
    markdownTable(headings, rows, right),
  ])
}

export function comparisonTables({ baseline, contender, rows, leftOut }: RunComparison): string[] {
  return [
    `${inlineText(contender)} against ${inlineText(baseline)}, µs:`,
    markdownTable(
      [
        'path',
        'load',
        'metric',
        'quantile',
        'baseline',
        'contender',
        'difference',
        '95% interval',
        'verdict',
      ],
      rows.map((row) => [
        row.relativeTo === null ? row.path : `${row.path} − ${row.relativeTo}`,
        row.load,
        row.metric,
        row.quantile,
        value(row.baseline.estimate),
        value(row.contender.estimate),
        signed(row.comparison.difference),
        formatInterval(row.comparison.low, row.comparison.high, formatDeltaUs),
        row.comparison.verdict,
      ]),
      [4, 5, 6],
    ),
    ...(leftOut.length === 0 ? [] : [`Not proven on both sides: ${leftOut.map(inlineText).join(', ')}.`]),
  ]
}

function value(ns: number | null): string {
  return ns === null ? '-' : formatUs(ns)
}

function signed(ns: number | null): string {
  return ns === null ? '-' : formatDeltaUs(ns)
}
