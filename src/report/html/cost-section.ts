import { costRemarks, costTables } from '../cost-tables.ts'
import { formatDeltaUs, formatInterval, formatUs } from '../format.ts'
import type { ChartedRun } from '../charts/models/run-charts.ts'
import { safe, type Markup } from './markup.ts'
import { htmlTable } from './table.ts'

/** CPU time per request, and sweeps over connections; empty where the run does not know. */
export function costSection({ summary }: ChartedRun): Markup {
  const tables = costTables(summary).map(({ title, headings, rows, right }) =>
    htmlTable<readonly string[]>(
      title,
      headings.map((heading, i) => ({
        heading,
        cell: (row) => row[i] ?? '',
        ...(right.includes(i) ? { number: (row: readonly string[]) => Number.parseFloat(row[i] ?? '') } : {}),
      })),
      rows,
    ),
  )
  if (tables.length === 0) return safe``
  return safe`${tables}${costRemarks(summary).map((remark) => safe`<p>${remark}</p>`)}`
}

/** Times of a load beside the whole time of a request: connecting, first byte, response, lag. */
export function otherTimes({ summary }: ChartedRun): Markup {
  const metrics = summary.metrics.filter(({ isDefault, series }) => isDefault && series !== 'warm')
  const us = (ns: number | null) => (ns === null ? '-' : formatUs(ns))
  return safe`${metrics.map(
    ({ load, name, title, paths, steps, controls }) =>
      safe`${htmlTable(
        `${name} under the load ${load} (${title}), µs`,
        [
          { heading: 'path', cell: (p) => p.path },
          {
            heading: 'p50',
            number: (p) => p.quantiles.p50.estimate,
            cell: (p) => us(p.quantiles.p50.estimate),
          },
          {
            heading: '95% interval',
            number: (p) => p.quantiles.p50.low,
            cell: (p) => formatInterval(p.quantiles.p50.low, p.quantiles.p50.high, formatUs),
          },
          {
            heading: 'p99',
            number: (p) => p.quantiles.p99.estimate,
            cell: (p) => us(p.quantiles.p99.estimate),
          },
          { heading: 'samples', number: (p) => p.count, cell: (p) => p.count.toLocaleString('en') },
        ],
        paths,
      )}${htmlTable(
        `What each step adds to ${name} under the load ${load}, µs`,
        [
          { heading: 'step', cell: (s) => `${s.from} → ${s.to}` },
          { heading: 'quantile', cell: (s) => s.quantile },
          {
            heading: 'difference',
            number: (s) => s.comparison.difference,
            cell: (s) => (s.comparison.difference === null ? '-' : formatDeltaUs(s.comparison.difference)),
          },
          {
            heading: '95% interval',
            number: (s) => s.comparison.low,
            cell: (s) => formatInterval(s.comparison.low, s.comparison.high, formatDeltaUs),
          },
          { heading: 'verdict', cell: (s) => s.comparison.verdict },
        ],
        [...steps, ...controls],
      )}`,
  )}`
}
