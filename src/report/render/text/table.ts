import { printable } from '../../../terminal-text.ts'
import { plainText, withoutDetails, type Table } from '../../tables/table.ts'

/** A table for a terminal, without its title and notes. */
export function renderText(table: Table): string {
  const { columns, rows } = withoutDetails(table)
  return textTable(
    columns.map(({ heading }) => heading),
    rows.map((row) => row.map(plainText)),
    columns.flatMap(({ kind }, place) => (kind === 'number' ? [place] : [])),
  )
}

/** Columns of text under headings; `right` names the columns (0-based) whose cells are numbers. */
export function textTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const cells = [headings, ...rows].map((row) => row.map(printable))
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => width(row[column] ?? ''))))
  const line = (row: readonly string[]) =>
    widths
      .map((w, column) => {
        const cell = row[column] ?? ''
        const gap = ' '.repeat(w - width(cell))
        return right.includes(column) ? gap + cell : cell + gap
      })
      .join('  ')
      .trimEnd()
  return `${cells.map(line).join('\n')}\n`
}

/** Code points, not UTF-16 units: µ and Δ are one column wide. */
function width(text: string): number {
  return Array.from(text).length
}
