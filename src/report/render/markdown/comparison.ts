import type { RunComparison } from '../../../analysis/compare-runs.ts'
import { comparisonTable } from '../../tables/comparison.ts'
import { inlineText } from './inline.ts'
import { renderMarkdown } from './table.ts'

/** A comparison for a post or a pull request. */
export function comparisonMarkdown(comparison: RunComparison): string {
  const { baseline, contender } = comparison
  const table = comparisonTable(comparison)
  const lines = [
    `Baseline: ${inlineText(baseline)}`,
    '',
    `Contender: ${inlineText(contender)}`,
    '',
    table.rows.length === 0 ? 'Nothing to compare.\n' : renderMarkdown(table),
    ...table.notes.map((note) => `- ${inlineText(note)}`),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}
