import type { Matrix } from '../../../analysis/matrix.ts'
import { printable } from '../../../terminal-text.ts'
import { matrixTable } from '../../tables/matrix.ts'
import { matrixAnswer, matrixNotes } from '../../words/matrix.ts'
import { renderText } from './table.ts'

/** @param warnings what is known of the versions beforehand, a line each */
export function matrixText(matrices: readonly Matrix[], warnings: readonly string[]): string {
  return matrices
    .flatMap((matrix, i) => [
      ...(i === 0 ? [] : ['']),
      ...(matrices.length > 1 ? [printable(`load ${matrix.load}`)] : []),
      ...matrixAnswer(matrix).map(printable),
      '',
      renderText(matrixTable(matrix)),
      ...matrixNotes(matrix).map(printable),
    ])
    .concat(
      warnings.length === 0
        ? []
        : ['', 'Known of these versions:', ...warnings.map((w) => printable(`  ${w}`))],
    )
    .join('\n')
}
