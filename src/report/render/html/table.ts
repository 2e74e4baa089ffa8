import type { Cell, Part, Table } from '../../tables/table.ts'
import type { Markup } from './markup.ts'
import { safe } from './markup.ts'

/**
 * A table whose headings the page's script makes sort. On a phone each row stands as a list of its own, every value
 * beside its heading; roles are written out because a table that is drawn as something else is no table any more.
 */
export function renderHtml({ title, columns, rows }: Table): Markup {
  if (rows.length === 0) return safe`<p class="none">${title}: nothing to show.</p>`
  const isNumber = columns.map(({ kind }) => kind !== 'text')
  const headings = columns.map(({ heading }, place) =>
    isNumber[place]
      ? safe`<th scope="col" role="columnheader" class="number">${heading}</th>`
      : safe`<th scope="col" role="columnheader">${heading}</th>`,
  )
  const shown = (cell: Cell, place: number) => {
    const text = safe`<span>${cellMarkup(cell)}</span>`
    const heading = columns[place]?.heading ?? ''
    if (place === 0) return safe`<th scope="row" role="rowheader">${text}</th>`
    if (!isNumber[place]) return safe`<td role="cell" data-heading="${heading}">${text}</td>`
    const value = sortValue(cell)
    return safe`<td role="cell" class="number" data-heading="${heading}" data-value="${value}">${text}</td>`
  }
  return safe`<div class="scroll" role="region" aria-label="${title}" tabindex="0">
    <table class="sortable" role="table">
      <caption>
        ${title}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${headings}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.map(
          (row) =>
            safe`<tr role="row">
              ${row.map(shown)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`
}

/** Sentences under a table or a section. */
export function renderNotes(notes: readonly string[]): Markup {
  if (notes.length === 0) return safe``
  return safe`<ul>
    ${notes.map((note) => safe`<li>${note}</li>`)}
  </ul>`
}

function cellMarkup({ parts }: Cell): Markup {
  return safe`${parts.map(partMarkup)}`
}

function partMarkup(part: Part): Markup {
  if (typeof part === 'string') return safe`${part}`
  return safe`<span class="verdict-${part.tone.replaceAll(' ', '-')}">${part.text}</span>`
}

function sortValue({ value }: Cell): string {
  return value === null || value === undefined || !Number.isFinite(value) ? '' : String(value)
}
