import { printableJson } from '../../../terminal-text.ts'

/** HTML that is safe to put into a page: made by {@link safe}, never by joining strings. */
export interface Markup {
  readonly markup: string
}

type Value = string | number | Markup | readonly Markup[] | undefined

/** A template in which every value is escaped unless it is markup itself. Good for text and for quoted attributes. */
export function safe(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const text = parts.map((part, index) => part + (index < values.length ? shown(values[index]) : ''))
  return { markup: text.join('') }
}

/** Markup of our own making: a constant of the program, never a value of a result. */
export function trusted(markup: string): Markup {
  return { markup }
}

function shown(value: Value): string {
  if (value === undefined) return ''
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value))
  if ('markup' in value) return value.markup
  return value.map((one) => one.markup).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Escapes for text and quoted attributes; control characters and bidirectional overrides become visible signs. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
    .replace(/(?![\t\n\r])[\p{C}\u2028\u2029]/gu, '\ufffd')
}

/** JSON for a `<script type="application/json">`: nothing in it can end the element. */
export function embeddedJson(value: unknown): string {
  return printableJson(JSON.stringify(value)).replace(
    /[<>&]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
