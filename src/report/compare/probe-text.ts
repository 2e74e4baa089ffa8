import type { ProbeDifference, ProbeResult, ProbedEndpoint } from '../../measure/probe.ts'
import { plural } from '../../plural.ts'
import { failedShare, percentText } from '../../stats/error-share.ts'
import { printable } from '../../terminal-text.ts'
import { formatDeltaUs, formatInterval, formatUs } from '../format.ts'
import { textTable } from '../table.ts'

/** What a probe found, for a terminal. */
export function probeText(result: ProbeResult): string {
  const { metrics, endpoints, differences } = result
  const parts = [headline(result), '', endpointTable(endpoints, metrics)]
  if (differences.length > 0) {
    const head = ['endpoint', 'metric', 'quantile', 'difference µs', '95 % interval', 'verdict']
    parts.push('', `Against ${printable(endpoints[0]?.name ?? '')}:`)
    parts.push(textTable(head, differences.map(differenceRow), [3]))
  }
  const remarks = [...result.remarks.map((remark) => printable(`* ${remark}`)), ...remarksOf(differences)]
  if (remarks.length > 0) parts.push('', ...remarks)
  return parts.join('\n')
}

function headline({ profile, rounds, roundMs, seed, busyPoll }: ProbeResult): string {
  const how = busyPoll ? ', generator busy polling' : ''
  return `${profile}, ${plural(rounds, 'round')} of ${roundMs} ms, seed ${seed}${how}`
}

function endpointTable(endpoints: readonly ProbedEndpoint[], metrics: readonly string[]): string {
  const value = (ns: number | null) => (ns === null ? '-' : formatUs(ns))
  const rows = endpoints.flatMap((e) =>
    metrics.map((metric, place) => {
      const quantiles = (place === 0 ? undefined : e.extraQuantiles[metric]) ?? e.quantiles
      return [
        e.name,
        metric,
        value(quantiles.p50.estimate),
        formatInterval(quantiles.p50.low, quantiles.p50.high, formatUs),
        value(quantiles.p90.estimate),
        value(quantiles.p99.estimate),
        String(e.requests),
        failed(e),
        String(e.reconnects),
      ]
    }),
  )
  const head = ['endpoint', 'metric', 'p50 µs', '95 % interval', 'p90 µs', 'p99 µs', 'requests', 'failed']
  return textTable([...head, 'reconnects'], rows, [2, 4, 5, 6, 7, 8])
}

function failed(endpoint: ProbedEndpoint): string {
  const { sent, requests, bad, errors, lost } = endpoint
  const count = bad + errors + lost
  return count === 0
    ? '0'
    : `${count} (${percentText(failedShare({ sent, received: requests, bad, errors, lost }))})`
}

function differenceRow({ name, metric, quantile, comparison }: ProbeDifference): string[] {
  const { difference, low, high, verdict } = comparison
  return [
    name,
    metric,
    quantile,
    difference === null ? '-' : formatDeltaUs(difference),
    formatInterval(low, high, formatDeltaUs),
    verdict,
  ]
}

/** One line per remark, with everything that it is about. */
function remarksOf(differences: readonly ProbeDifference[]): string[] {
  const about = new Map<string, string[]>()
  for (const { name, metric, quantile, comparison } of differences) {
    for (const { code, message } of comparison.warnings) {
      if (code === 'failed-requests' && !comparison.refused) continue // the endpoints' own remarks say it
      const subjects = about.get(message) ?? []
      subjects.push(`${name} ${metric} ${quantile}`)
      about.set(message, subjects)
    }
  }
  return [...about].map(([message, subjects]) => printable(`* ${subjects.join(', ')}: ${message}`))
}
