import type { ProbeResult } from '../../measure/probe.ts'
import { formatDeltaUs, formatInterval, formatUs } from '../format.ts'
import { textTable } from '../table.ts'
import { printable } from '../../terminal-text.ts'

/** What a probe found, for a terminal. */
export function probeText(result: ProbeResult): string {
  const value = (ns: number | null) => (ns === null ? '-' : formatUs(ns))
  const endpoints = result.endpoints.map((e) => [
    e.url,
    value(e.quantiles.p50.estimate),
    formatInterval(e.quantiles.p50.low, e.quantiles.p50.high, formatUs),
    value(e.quantiles.p90.estimate),
    value(e.quantiles.p99.estimate),
    String(e.requests),
    String(e.errors),
    String(e.reconnects),
  ])
  const differences = result.differences.map(({ url, quantile, comparison }) => [
    url,
    quantile,
    comparison.difference === null ? '-' : formatDeltaUs(comparison.difference),
    formatInterval(comparison.low, comparison.high, formatDeltaUs),
    comparison.verdict,
  ])
  const headings = [
    'endpoint',
    'p50 µs',
    '95 % interval',
    'p90 µs',
    'p99 µs',
    'requests',
    'errors',
    'reconnects',
  ]
  const remarks = new Set(
    result.differences.flatMap((d) => d.comparison.warnings.map((w) => `* ${d.quantile}: ${w.message}`)),
  )
  const parts = [textTable(headings, endpoints, [1, 3, 4, 5, 6, 7])]
  if (differences.length > 0) {
    parts.push(`Against ${printable(result.endpoints[0]?.url ?? '')}:`)
    parts.push(
      textTable(['endpoint', 'quantile', 'difference µs', '95 % interval', 'verdict'], differences, [2]),
    )
  }
  return [...parts, ...[...remarks].map(printable)].join('\n')
}
