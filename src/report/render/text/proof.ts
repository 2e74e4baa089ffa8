import { plural } from '../../../plural.ts'
import { componentLabel } from '../../../topology/component.ts'
import { printable } from '../../../terminal-text.ts'
import type { Proof } from '../../tables/proof.ts'
import { textTable } from './table.ts'

/** What was seen of every path, hop by hop, for a terminal. */
export function proofText(proof: Proof): string {
  const paths = proof.evidence.map((evidence) => {
    const each =
      evidence.clients === undefined ? '' : ` for each of ${plural(evidence.clients, 'client pod')}`
    const head = `${evidence.path}: ${evidence.verdict}${each}, ${plural(evidence.observed.length, 'component')} (${evidence.observedProtocol ?? 'no complete trail'})`
    const rows = evidence.hops.map((hop) => [
      `  ${componentLabel(hop.component)}`,
      hop.source === undefined ? '' : `from ${hop.source}`,
      hop.upstream === undefined ? '' : `to ${hop.upstream}`,
      hop.bytesUp === undefined ? '' : `${hop.bytesUp} B up, ${hop.bytesDown ?? 0} B down`,
      hop.sourceIdentity ?? '',
    ])
    const answers = evidence.answeredBy.map(
      (a) => `  answered ${plural(a.count, 'time')} by ${a.pod} in ${a.cluster}`,
    )
    const reasons = evidence.reasons.map((reason) => `  ! ${reason}`)
    return [printable(head), hopLines(rows), ...answers.map(printable), ...reasons.map(printable)].join('\n')
  })
  const unreachable = proof.unreachable.map((u) =>
    printable(`${u.path}: ${u.confirmed ? 'unreachable, as expected' : 'NOT AS EXPECTED'} (${u.observed})`),
  )
  return `${[...paths, ...unreachable].join('\n\n')}\n`
}

function hopLines(rows: readonly string[][]): string {
  const table = textTable(['', '', '', '', ''], rows)
  return table.slice(table.indexOf('\n') + 1).trimEnd()
}
