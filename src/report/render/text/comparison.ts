import { printable } from '../../../terminal-text.ts'
import type { RunComparison } from '../../../analysis/compare-runs.ts'
import { comparisonTable } from '../../tables/comparison.ts'
import { withPictures } from './bars.ts'
import { differencePictures } from './pictures.ts'
import { renderText } from './table.ts'

/** A comparison for a terminal; intervals are drawn where `columns` leaves room for them. */
export function comparisonText(comparison: RunComparison, columns?: number): string {
  const { baseline, contender, rows } = comparison
  const table = comparisonTable(comparison)
  const drawn = differencePictures(rows.map((row) => row.comparison))
  const lines = [
    printable(`baseline:  ${baseline}`),
    printable(`contender: ${contender}`),
    '',
    rows.length === 0 ? 'nothing to compare' : withPictures(renderText(table), drawn, columns),
    '',
    ...table.notes.map((note) => printable(`* ${note}`)),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}
