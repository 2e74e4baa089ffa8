import type { Markup } from './markup.ts'
import { safe } from './markup.ts'

export interface Column<Row> {
  readonly heading: string
  readonly cell: (row: Row) => string | Markup
  /** What the column sorts by, and its sign that it holds numbers. */
  readonly number?: ((row: Row) => number | null | undefined) | undefined
}

/** A table that scrolls by itself on a narrow screen; the page's script makes its headings sort. */
export function htmlTable<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Markup {
  if (rows.length === 0) return safe`<p class="none">${caption}: nothing to show.</p>`
  const heading = ({ heading: text, number }: Column<Row>) =>
    number ? safe`<th scope="col" class="number">${text}</th>` : safe`<th scope="col">${text}</th>`
  const cell = (row: Row) => (column: Column<Row>, index: number) => {
    const text = column.cell(row)
    if (index === 0) return safe`<th scope="row">${text}</th>`
    if (!column.number) return safe`<td>${text}</td>`
    const value = column.number(row)
    const sort = value === null || value === undefined || !Number.isFinite(value) ? '' : String(value)
    return safe`<td class="number" data-value="${sort}">${text}</td>`
  }
  return safe`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table class="sortable">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(heading)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            safe`<tr>
              ${columns.map(cell(row))}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`
}
