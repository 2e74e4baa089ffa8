import { printable } from '../terminal-text.ts'

/** Columns of text under headings; `right` names the columns (0-based) whose cells are numbers. */
export function textTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const cells = [headings, ...rows.map((row) => row.map(printable))]
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

/** A Markdown table; pipes and line breaks in cells are escaped. */
export function markdownTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const line = (row: readonly string[]) => `| ${row.map(markdownCell).join(' | ')} |`
  const rule = `|${headings.map((_, column) => (right.includes(column) ? '---:' : '---')).join('|')}|`
  return `${[line(headings), rule, ...rows.map(line)].join('\n')}\n`
}

function markdownCell(text: string): string {
  return printable(text)
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replaceAll('](', String.raw`]\(`)
    .replaceAll('<', '&lt;')
    .replaceAll('`', '\\`')
}

/** Code points, not UTF-16 units: µ and Δ are one column wide. */
function width(text: string): number {
  return Array.from(text).length
}
