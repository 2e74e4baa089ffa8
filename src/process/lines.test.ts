import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readLines, writeLine } from './lines.ts'

/** What comes out of chunks; each is written by itself. */
async function linesOf(chunks: readonly Uint8Array[], maxChars?: number): Promise<readonly string[]> {
  const input = new PassThrough()
  const lines: string[] = []
  const ended = new Promise<void>((onEnd) => {
    readLines(input, (line) => lines.push(line), { onEnd, ...(maxChars === undefined ? {} : { maxChars }) })
  })
  for (const chunk of chunks) input.write(chunk)
  input.end()
  await ended
  return lines
}

function cut(bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
}

describe('readLines', () => {
  it('gives every message that was written, wherever its bytes are cut', async () => {
    const message = fc.record({ type: fc.string(), text: fc.string({ unit: 'binary' }) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        async (messages, places) => {
          const written = new PassThrough()
          for (const each of messages) writeLine(written, each)
          const bytes = (written.read() as Buffer | null) ?? new Uint8Array()
          const lines = await linesOf(cut(bytes, places))
          expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
            messages.map((each) => JSON.parse(JSON.stringify(each)) as unknown),
          )
        },
      ),
    )
  })

  it('ends a line at a line feed only, skips blank lines, and gives what follows the last', async () => {
    const text = 'one\u2028still one\r\n\n  \ntwo\nthree'
    expect(await linesOf([Buffer.from(text)])).toEqual(['one\u2028still one\r', 'two', 'three'])
  })

  it('puts a short text in place of a line that is too long, and goes on with the next', async () => {
    const chunks = ['abc', 'def', 'gh\nijk\n', 'lmnop'].map((text) => Buffer.from(text))
    const tooLong = '(a line of more than 4 characters)'
    expect(await linesOf(chunks, 4)).toEqual([tooLong, 'ijk', tooLong])
  })

  it('ends once when its input breaks', () => {
    const input = new PassThrough()
    let ends = 0
    readLines(input, () => {}, { onEnd: () => (ends += 1) })
    input.emit('error', new Error('broken'))
    input.emit('close')
    expect(ends).toBe(1)
  })
})
