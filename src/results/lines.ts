import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { ResultError } from '../errors.ts'

const newline = 0x0a

export interface Line {
  /** 1-based. */
  readonly number: number
  readonly text: string
  /** False for bytes after the last newline: a line that was being written. */
  readonly complete: boolean
}

/**
 * Streams the lines of a regular file; memory is bounded by the longest line.
 * @throws ResultError when it cannot be read, is not UTF-8, or a line is longer than `maxBytes`.
 */
export async function* readLines(file: string, maxBytes: number): AsyncGenerator<Line> {
  await checkRegular(file)
  const stream = createReadStream(file, { highWaterMark: 1 << 18 })
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let number = 1
  let pending: Buffer[] = []
  let pendingBytes = 0
  const take = (part: Buffer, complete: boolean): Line => {
    const bytes = pending.length === 0 ? part : Buffer.concat([...pending, part])
    pending = []
    pendingBytes = 0
    try {
      return { number: number++, text: decoder.decode(bytes), complete }
    } catch (error) {
      if (!complete) return { number, text: '', complete }
      throw new ResultError(`${file}:${number - 1}: not UTF-8 text`, { cause: error })
    }
  }
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let start = 0
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        if (pendingBytes + end - start > maxBytes) throw tooLong(file, number, maxBytes)
        yield take(chunk.subarray(start, end), true)
        start = end + 1
      }
      if (start === chunk.length) continue
      pending.push(chunk.subarray(start))
      pendingBytes += chunk.length - start
      if (pendingBytes > maxBytes) throw tooLong(file, number, maxBytes)
    }
  } catch (error) {
    throw error instanceof ResultError ? error : readError(file, error)
  }
  if (pendingBytes > 0) yield take(Buffer.alloc(0), false)
}

/**
 * Opening a pipe or device of a stranger's folder would hang or never end.
 * @returns size in bytes.
 * @throws ResultError when it is absent or no regular file.
 */
export async function checkRegular(file: string): Promise<number> {
  let stats
  try {
    stats = await stat(file)
  } catch (error) {
    throw readError(file, error)
  }
  if (!stats.isFile()) throw new ResultError(`cannot read ${file}: not a regular file`)
  return stats.size
}

function readError(file: string, error: unknown): ResultError {
  return new ResultError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  })
}

function tooLong(file: string, line: number, maxBytes: number): ResultError {
  return new ResultError(`${file}:${line}: longer than ${maxBytes} bytes, which no journal of hopmeter has`)
}
