/**
 * C0 and C1 controls (ESC starts terminal commands), line and paragraph separators, the marks that reorder or hide
 * text (Trojan Source: U+202A-202E, U+2066-2069, zero-width and tag characters), and lone surrogates.
 */
const unsafe =
  /[\p{Cc}\u{ad}\u{61c}\u{180e}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{fff9}-\u{fffb}\u{e0000}-\u{e007f}\p{Cs}]/gu

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

function visible(character: string): string {
  const code = character.codePointAt(0)!
  if (character === '\n') return String.raw`\n`
  if (character === '\t') return String.raw`\t`
  if (character === '\r') return String.raw`\r`
  const hex = code.toString(16)
  return code < 0x100 ? String.raw`\x${hex.padStart(2, '0')}` : String.raw`\u{${hex}}`
}
