import type { PathEvidence, UnreachableEvent } from '../../results/schema.ts'
import { pathLabel } from '../../topology/component.ts'
import { noValue } from '../format.ts'
import { countColumn, textColumn } from './columns.ts'
import { tableOf, type Column, type Table, type Tone } from './table.ts'

/** What one attempt to prove the paths of a testbed found. */
export interface Proof {
  readonly evidence: readonly PathEvidence[]
  readonly unreachable: readonly UnreachableEvent[]
}

interface ProofRow {
  readonly path: string
  readonly verdict: { readonly text: string; readonly tone: Tone }
  readonly components?: number
  readonly protocol: string
  readonly observed: string
  readonly remarks: string
}

const columns: readonly Column<ProofRow>[] = [
  textColumn('path', ({ path }) => path),
  { heading: 'verdict', cell: ({ verdict }) => ({ parts: [verdict] }) },
  countColumn('components', ({ components }) => components),
  textColumn('protocol', ({ protocol }) => protocol),
  textColumn('observed', ({ observed }) => observed),
  textColumn('remarks', ({ remarks }) => remarks),
]

/** One row per path. */
export function proofTable({ evidence, unreachable }: Proof): Table {
  const seen = evidence.map((e): ProofRow => ({
    path: e.path,
    verdict: { text: e.verdict, tone: e.verdict },
    components: e.observed.length,
    protocol: e.observedProtocol ?? noValue,
    observed: pathLabel(e.observed),
    remarks: e.reasons.join('; '),
  }))
  const tried = unreachable.map(({ path, confirmed, observed }): ProofRow => ({
    path,
    verdict: confirmed ? { text: 'unreachable', tone: 'proven' } : { text: 'mismatch', tone: 'mismatch' },
    protocol: noValue,
    observed,
    remarks: '',
  }))
  return tableOf('What was seen of every path', columns, [...seen, ...tried])
}
