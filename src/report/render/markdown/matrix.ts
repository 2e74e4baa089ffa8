import type { Matrix } from '../../../analysis/matrix.ts'
import { matrixTable } from '../../tables/matrix.ts'
import { matrixAnswer, matrixNotes } from '../../words/matrix.ts'
import { inlineText } from './inline.ts'
import { renderMarkdown } from './table.ts'

/** @param warnings what is known of the versions beforehand, a line each */
export function matrixMarkdown(matrices: readonly Matrix[], warnings: readonly string[]): string {
  const list = (items: readonly string[]) => items.map((item) => `- ${inlineText(item)}`).join('\n')
  return [
    ...matrices.flatMap((matrix) => [
      ...(matrices.length > 1 ? [`Load ${inlineText(matrix.load)}:`] : []),
      matrixAnswer(matrix)
        .map((answer) => `**${inlineText(answer)}**`)
        .join(' '),
      renderMarkdown(matrixTable(matrix)).trimEnd(),
      list(matrixNotes(matrix)),
    ]),
    ...(warnings.length === 0 ? [] : ['Known of these versions:', list(warnings)]),
  ].join('\n\n')
}
