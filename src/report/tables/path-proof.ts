import { isProven } from '../../evidence/is-proven.ts'
import { plural } from '../../plural.ts'
import { sampleRoundName } from '../../results/round-name.ts'
import type { EvidenceDigest } from '../../results/schema.ts'
import { componentLabel, pathLabel } from '../../topology/component.ts'
import { noValue } from '../format.ts'
import type { ReportedRun } from '../words/reported-run.ts'
import { countColumn, textColumn } from './columns.ts'
import { tableOf, type Column, type Part, type Table } from './table.ts'

type ReportedPath = ReportedRun['result']['paths'][number]
type Hop = EvidenceDigest['sample']['hops'][number]

/** Expected and observed components of each path over all rounds of a run. */
export function pathProofTable({ result, summary }: ReportedRun): Table {
  const columns: readonly Column<ReportedPath>[] = [
    textColumn('path', ({ name }) => name),
    // Once where both agree, which is what a reader expects.
    textColumn('components', (path) => {
      const expected = path.hops === null ? (path.unreachableBecause ?? 'no path') : pathLabel(path.expected)
      const evidence = result.evidence.filter((e) => e.path === path.name)
      const observed = observedText(evidence)
      return evidence.length === 0 || observed === expected
        ? expected
        : `expected ${expected}; observed ${observed}`
    }),
    {
      heading: 'verdict',
      cell: ({ name }) => {
        const tried = summary.unreachable.filter((u) => u.path === name)
        const own = result.evidence.filter((e) => e.path === name)
        return {
          parts: tried.length > 0 ? triedVerdict(tried) : countedVerdict(own, isProven(result, name)),
        }
      },
    },
  ]
  return tableOf('Components that each path must visit, and those that were observed', columns, result.paths)
}

/** What each component of a path saw in one round. */
export function hopsTable(digest: EvidenceDigest): Table {
  const { path, sample } = digest
  const columns: readonly Column<Hop>[] = [
    textColumn('component', ({ component }) => componentLabel(component)),
    textColumn('from', ({ source }) => source ?? noValue),
    textColumn('identity', ({ sourceIdentity }) => sourceIdentity ?? noValue),
    textColumn('asked for', ({ requested }) => requested ?? noValue),
    textColumn('dialled', ({ upstream }) => upstream ?? noValue),
    countColumn('connections', ({ connections }) => connections),
    countColumn('bytes up', ({ bytesUp }) => bytesUp),
    countColumn('bytes down', ({ bytesDown }) => bytesDown),
  ]
  return tableOf(`What each component of ${path} saw in ${sampleRoundName(digest)}`, columns, sample.hops)
}

function observedText(evidence: readonly EvidenceDigest[]): string {
  const seen = [...new Set(evidence.map((e) => pathLabel(e.sample.observed)))]
  return seen.length === 0 ? 'nothing' : seen.join('; or ')
}

/** The verdict on a path that must not exist. */
function triedVerdict(attempts: readonly { readonly confirmed: boolean }[]): readonly Part[] {
  return [
    attempts.every(({ confirmed }) => confirmed)
      ? { text: 'unreachable, as expected', tone: 'proven' }
      : { text: 'reachable, not as expected', tone: 'mismatch' },
  ]
}

/** The worst verdict of any round, and in how many the path was proven. */
function countedVerdict(evidence: readonly EvidenceDigest[], areProven: boolean): readonly Part[] {
  const count = (verdict: 'proven' | 'mismatch' | 'unproven') =>
    evidence.reduce((sum, e) => sum + e[verdict], 0)
  const [proven, mismatch, unproven] = [count('proven'), count('mismatch'), count('unproven')]
  const tone = mismatch > 0 ? 'mismatch' : areProven ? 'proven' : 'unproven'
  return [{ text: tone, tone }, ` (${proven} of ${plural(proven + mismatch + unproven, 'round')})`]
}
