import type { ProbeDifference, ProbeResult } from '../../../measure/probe.ts'
import { plural } from '../../../plural.ts'
import { printable } from '../../../terminal-text.ts'
import { endpointDifferences, endpointTable } from '../../tables/probe.ts'
import { groupedWarnings } from '../../words/warnings.ts'
import { renderText } from './table.ts'

/** What a probe found, for a terminal. */
export function probeText(result: ProbeResult): string {
  const { differences } = result
  const parts = [headline(result), '', renderText(endpointTable(result))]
  if (differences.length > 0) {
    const table = endpointDifferences(result)
    parts.push('', printable(`${table.title}:`), renderText(table))
  }
  const remarks = [...result.remarks.map((remark) => printable(`* ${remark}`)), ...remarksOf(differences)]
  if (remarks.length > 0) parts.push('', ...remarks)
  return parts.join('\n')
}

function headline({ profile, rounds, roundMs, seed, busyPoll }: ProbeResult): string {
  const how = busyPoll ? ', generator busy polling' : ''
  return `${profile}, ${plural(rounds, 'round')} of ${roundMs} ms, seed ${seed}${how}`
}

/** One line per remark, with everything that it is about. */
function remarksOf(differences: readonly ProbeDifference[]): string[] {
  const items = differences.map(({ name, metric, quantile, comparison: { warnings, refused } }) => ({
    about: `${name} ${metric} ${quantile}`,
    warnings: warnings.filter(
      // Whoever else's endpoints: nothing here can start them anew. And their own remarks say what failed, unless it is
      // why there is no verdict.
      ({ code }) => code !== 'one-start' && (code !== 'failed-requests' || refused),
    ),
  }))
  return groupedWarnings(items).map((remark) => printable(`* ${remark}`))
}
