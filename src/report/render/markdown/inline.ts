import { printable, printableLines } from '../../../terminal-text.ts'

/** Text of a result as Markdown text: no sign in it means anything to a renderer, and it stays on one line. */
export function inlineText(text: string): string {
  return printable(text)
    .replace(/[\\`*_{}[\]()#!|~>]/g, String.raw`\$&`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
}

/** A code block that its content cannot end. */
export function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${printableLines(text)}\n${fence}`
}
