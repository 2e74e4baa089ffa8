import { StringDecoder } from 'node:string_decoder'
import type { Writable } from 'node:stream'

const defaultMaxChars = 4 * 1024 * 1024

export interface LineOptions {
  /** Called once at the end of input, also when it breaks. */
  readonly onEnd?: () => void
  /** What a line may have at most. */
  readonly maxChars?: number
}

/**
 * Calls `onLine` for each non-blank line of UTF-8 text. Only `\n` ends a line: JSON may hold other separators that
 * Unicode knows. Instead of a line that is too long it gives a text in parentheses, which is no JSON.
 */
export function readLines(
  input: NodeJS.ReadableStream,
  onLine: (line: string) => void,
  { onEnd, maxChars = defaultMaxChars }: LineOptions = {},
): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let tooLong = false
  let ended = false
  const give = () => {
    if (!tooLong && rest.trim() !== '') onLine(rest)
    rest = ''
    tooLong = false
  }
  const add = (part: string) => {
    if (tooLong) return
    rest += part
    if (rest.length <= maxChars) return
    rest = ''
    tooLong = true
    onLine(`(a line of more than ${maxChars} characters)`)
  }
  const end = () => {
    if (ended) return
    ended = true
    onEnd?.()
  }
  input.on('data', (chunk: Buffer) => {
    for (const [i, part] of decoder.write(chunk).split('\n').entries()) {
      if (i > 0) give()
      add(part)
    }
  })
  input.on('end', () => {
    add(decoder.end())
    give()
    end()
  })
  // A closed or broken input is an end: whoever started us is gone.
  input.on('close', end)
  input.on('error', end)
}

/** Writes one message as one line. */
export function writeLine(output: Writable, message: object): void {
  output.write(`${JSON.stringify(message)}\n`)
}
