/**
 * All that Unicode calls "other" (controls: ESC starts terminal commands; marks that reorder or hide text, as in Trojan
 * Source; lone surrogates; private and unassigned characters), and line and paragraph separators.
 */
const unsafe = /[\p{C}\u{2028}\u{2029}]/gu

/**
 * Makes text from outside (files, programs, other machines) safe for a terminal: one line, and whatever could move
 * the cursor, change colours, write the clipboard or reorder letters is shown as `\x1b` or `\u{202e}` instead.
 */
export function printable(text: string): string {
  return text.replaceAll(unsafe, visible)
}

/** Like `printable`, but newlines and tabs stay: for the output of programs and messages of several lines. */
export function printableLines(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(unsafe, (character) =>
      character === '\n' || character === '\t' ? character : visible(character),
    )
}

/**
 * JSON text whose strings hold no such character: each is written as the escape that JSON has for it, so every reader
 * gets the same value back.
 */
export function printableJson(json: string): string {
  return json.replaceAll(unsafe, (character) =>
    character === '\n' ? character : character.split('').map(jsonEscape).join(''),
  )
}

/** UTF-16 units, as JSON counts them. */
function jsonEscape(unit: string): string {
  return String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function visible(character: string): string {
  const code = character.codePointAt(0)!
  if (character === '\n') return String.raw`\n`
  if (character === '\t') return String.raw`\t`
  if (character === '\r') return String.raw`\r`
  const hex = code.toString(16)
  return code < 0x100 ? String.raw`\x${hex.padStart(2, '0')}` : String.raw`\u{${hex}}`
}
