import type { Matrix } from '../../../analysis/matrix.ts'
import { matrixTable } from '../../tables/matrix.ts'
import { matrixAnswer, matrixNotes } from '../../words/matrix.ts'
import { safe, type Markup } from './markup.ts'
import { renderHtml, renderNotes } from './table.ts'

/** @param warnings what is known of the versions beforehand, a line each */
export function matrixSection(matrices: readonly Matrix[], warnings: readonly string[]): Markup {
  const shown = matrices.map(
    (matrix) =>
      safe`${matrixAnswer(matrix).map((answer) => safe`<p>${answer}</p>`)} ${renderHtml(matrixTable(matrix))}
        ${renderNotes(matrixNotes(matrix))}`,
  )
  if (warnings.length === 0) return safe`${shown}`
  return safe`${shown}
    <p>Known of these versions:</p>
    ${renderNotes(warnings)}`
}
