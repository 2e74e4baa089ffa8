import { plural } from '../../../plural.ts'
import { sampleRoundName } from '../../../results/round-name.ts'
import type { EvidenceDigest } from '../../../results/schema.ts'
import type { ReportedComparison } from '../../tables/compared-runs.ts'
import { comparisonTable } from '../../tables/comparison.ts'
import { hopsTable, pathProofTable } from '../../tables/path-proof.ts'
import { pathTable } from '../../tables/paths.ts'
import { stepTable } from '../../tables/steps.ts'
import type { ReportedRun } from '../../words/reported-run.ts'
import type { Markup } from './markup.ts'
import { safe } from './markup.ts'
import { renderHtml, renderNotes } from './table.ts'

/** Paths with their quantiles and intervals, one table per load. */
export function pathSection({ summary }: ReportedRun): Markup {
  const latencies = summary.metrics.filter(({ series }) => series === 'warm')
  return safe`${latencies.map((metric) => renderHtml(pathTable(summary, metric)))}`
}

/** What each step costs, and whether that is clear of zero, one table per load. */
export function stepSection({ summary }: ReportedRun): Markup {
  const latencies = summary.metrics.filter(({ series }) => series === 'warm')
  return safe`${latencies.flatMap((metric) => stepTable(summary, metric) ?? []).map(renderHtml)}`
}

/** Expected and observed components of each path, the evidence behind a fold. */
export function proofSection(run: ReportedRun): Markup {
  const { evidence } = run.result
  const folds = evidence
    .filter((e) => e.mismatch > 0 || e.unproven > 0 || e.build === evidence[0]?.build)
    .map(evidenceFold)
  return safe`${renderHtml(pathProofTable(run))}${folds}`
}

function evidenceFold(digest: EvidenceDigest): Markup {
  const { path, sample } = digest
  const answers = sample.answeredBy.map((a) => `${a.pod} in ${a.cluster}, ${plural(a.count, 'time')}`)
  return safe`<details>
    <summary>Evidence for ${path}: ${sampleRoundName(digest)}</summary>
    <p>
      Answered by ${answers.length === 0 ? 'nobody' : answers.join('; ')}. Transport seen:
      ${sample.observedProtocol ?? 'none complete'}.
    </p>
    ${renderNotes(sample.reasons)}
    ${renderHtml(hopsTable(digest))}
  </details>`
}

/** One comparison as a table, or why there is none. */
export function comparisonSection({ comparison, refusals }: ReportedComparison): Markup {
  const table = comparisonTable(comparison)
  if (refusals.length > 0) {
    return safe`<div class="notice">
      <p>${table.title}: not compared.</p>
      ${renderNotes(refusals)}
    </div>`
  }
  return safe`${renderHtml(table)}${renderNotes(table.notes)}`
}
