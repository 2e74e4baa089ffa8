import { StringDecoder } from 'node:string_decoder'
import type { Readable, Writable } from 'node:stream'

const maxLineChars = 4 * 1024 * 1024

/** Calls `onLine` for each non-empty line and `onEnd` once at the end of input. */
export function readLines(input: Readable, onLine: (line: string) => void, onEnd: () => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let ended = false
  const end = () => {
    if (ended) return
    ended = true
    onEnd()
  }
  input.on('data', (chunk: Buffer) => {
    rest += decoder.write(chunk)
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') onLine(line)
    if (rest.length > maxLineChars) {
      rest = ''
      onLine('(a line of more than 4 Mi characters)')
    }
  })
  input.on('end', () => {
    if (rest.trim() !== '') onLine(rest)
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
