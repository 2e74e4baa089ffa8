import { printable } from '../../../terminal-text.ts'
import { plainText, withoutDetails, type Table } from '../../tables/table.ts'

/** A table as Markdown, without its title and notes. */
export function renderMarkdown(table: Table): string {
  const { columns, rows } = withoutDetails(table)
  return markdownTable(
    columns.map(({ heading }) => heading),
    rows.map((row) => row.map(plainText)),
    columns.flatMap(({ kind }, place) => (kind === 'number' ? [place] : [])),
  )
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
