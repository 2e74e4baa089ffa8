import type { Cell, Part, Table } from '../../tables/table.ts'
import type { Markup } from './markup.ts'
import { safe } from './markup.ts'

/** A table that scrolls by itself on a narrow screen; the page's script makes its headings sort. */
export function renderHtml({ title, columns, rows }: Table): Markup {
  if (rows.length === 0) return safe`<p class="none">${title}: nothing to show.</p>`
  const isNumber = columns.map(({ kind }) => kind !== 'text')
  const headings = columns.map(({ heading }, place) =>
    isNumber[place]
      ? safe`<th scope="col" class="number">${heading}</th>`
      : safe`<th scope="col">${heading}</th>`,
  )
  const shown = (cell: Cell, place: number) => {
    const text = cellMarkup(cell)
    if (place === 0) return safe`<th scope="row">${text}</th>`
    if (!isNumber[place]) return safe`<td>${text}</td>`
    return safe`<td class="number" data-value="${sortValue(cell)}">${text}</td>`
  }
  return safe`<div class="scroll" role="region" aria-label="${title}" tabindex="0">
    <table class="sortable">
      <caption>
        ${title}
      </caption>
      <thead>
        <tr>
          ${headings}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            safe`<tr>
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
