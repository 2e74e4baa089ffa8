import type { Cell, Part, Table } from '../../tables/table.ts'
import type { Markup } from './markup.ts'
import { safe } from './markup.ts'

/**
 * A table whose headings the page's script makes sort. On a phone each row stands as a list of its own, every value
 * beside its heading.
 */
export function renderHtml({ title, columns, rows }: Table): Markup {
  if (rows.length === 0) return safe`<p class="none">${title}: nothing to show.</p>`
  const isNumber = columns.map(({ kind }) => kind !== 'text')
  const headings = columns.map(({ heading }, place) =>
    isNumber[place]
      ? safe`<th scope="col" class="number">${heading}</th>`
      : safe`<th scope="col">${heading}</th>`,
  )
  const shown = (cell: Cell, place: number) => {
    const text = safe`<span>${cellMarkup(cell)}</span>`
    const heading = columns[place]?.heading ?? ''
    if (place === 0) return safe`<th scope="row">${text}</th>`
    if (!isNumber[place]) return safe`<td data-heading="${heading}">${text}</td>`
    const value = sortValue(cell)
    return safe`<td class="number" data-heading="${heading}" data-value="${value}">${text}</td>`
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
        ${rows.map((row) => safe`<tr>${row.map(shown)}</tr>`)}
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
