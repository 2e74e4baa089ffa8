import { inflateSync } from 'node:zlib'
import { ResultError } from '../errors.ts'

/**
 * The HdrHistogram V2 format, read with limits. The library's own decoder trusts its input: a run of zeros or a
 * range as large as the text says costs as much time and memory as the text says.
 * Layout: HdrHistogram `AbstractHistogram.encodeIntoCompressedByteBuffer` and `ZigZagEncoding` (LEB128, 9 bytes).
 */

const compressedCookie = 0x1c849304
const plainCookie = 0x1c849303
const headerBytes = 40
const maxEncodedLength = 1 << 20
const maxPayloadBytes = 1 << 20
const maxDigits = 4
const maxWordBytes = 9

export interface HistogramCounts {
  readonly lowest: number
  readonly highest: number
  readonly digits: number
  /** Bucket index and count, rising, without empty buckets. */
  readonly counts: readonly (readonly [index: number, count: number])[]
}

/** @throws ResultError when the text is no V2 HDR histogram, or is larger than any that hopmeter writes. */
export function decodeCounts(encoded: string): HistogramCounts {
  if (encoded.length > maxEncodedLength) throw bad(`${encoded.length} characters long`)
  const data = inflated(Buffer.from(encoded, 'base64'))
  if (data.length < headerBytes || (data.readUInt32BE(0) & ~0xf0) !== plainCookie) throw bad('not HDR V2')
  const payloadBytes = data.readInt32BE(4)
  if (payloadBytes < 0 || payloadBytes > data.length - headerBytes) throw bad('shorter than it says')
  if (data.readInt32BE(8) !== 0 && data.readInt32BE(8) !== 1) throw bad('shifted')
  const digits = data.readInt32BE(12)
  const lowest = Number(data.readBigInt64BE(16))
  const highest = Number(data.readBigInt64BE(24))
  if (digits < 1 || digits > maxDigits) throw bad(`${digits} significant digits`)
  if (lowest !== 1) throw bad('not in units of 1 ns')
  if (highest < 2 || highest > Number.MAX_SAFE_INTEGER) throw bad('range out of bounds')
  const payload = data.subarray(headerBytes, headerBytes + payloadBytes)
  return { lowest, highest, digits, counts: countsOf(payload, bucketsUpTo(highest, digits)) }
}

function inflated(compressed: Buffer): Buffer {
  if (compressed.length < 8 || (compressed.readUInt32BE(0) & ~0xf0) !== compressedCookie) {
    throw bad('not compressed HDR V2')
  }
  const length = compressed.readInt32BE(4)
  if (length < 0 || length > compressed.length - 8) throw bad('shorter than it says')
  try {
    return inflateSync(compressed.subarray(8, 8 + length), { maxOutputLength: maxPayloadBytes })
  } catch (error) {
    throw bad('compressed data are damaged or too large', error)
  }
}

/** Length of the counts array: 2 * 10^digits values at full resolution, then half as many for each doubling. */
function bucketsUpTo(highest: number, digits: number): number {
  const subBuckets = 2 ** Math.ceil(Math.log2(2 * 10 ** digits))
  let buckets = 1
  for (let reach = subBuckets; reach <= highest; reach *= 2) buckets++
  return ((buckets + 1) * subBuckets) / 2
}

function countsOf(payload: Buffer, length: number): [number, number][] {
  const counts: [number, number][] = []
  let index = 0
  let total = 0
  let offset = 0
  while (offset < payload.length) {
    const word = readWord(payload, offset)
    offset = word.next
    if (word.value < 0) {
      index -= word.value
    } else {
      if (word.value > 0) counts.push([index, word.value])
      total += word.value
      index += 1
    }
    if (index > length) throw bad('more buckets than its range has')
    if (total > Number.MAX_SAFE_INTEGER) throw bad('counts out of bounds')
  }
  return counts
}

/** ZigZag LEB128: seven bits a byte, low ones first; the ninth byte carries eight. Odd values are negative. */
function readWord(payload: Buffer, start: number): { value: number; next: number } {
  let raw = 0
  let scale = 1
  for (let i = 0; i < maxWordBytes; i++) {
    const byte = payload[start + i]
    if (byte === undefined) throw bad('ends within a count')
    const isLast = byte < 0x80 || i === maxWordBytes - 1
    raw += (i === maxWordBytes - 1 ? byte : byte & 0x7f) * scale
    scale *= 128
    if (!isLast) continue
    if (raw > Number.MAX_SAFE_INTEGER) break
    return { value: raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2, next: start + i + 1 }
  }
  throw bad('counts out of bounds')
}

function bad(reason: string, cause?: unknown): ResultError {
  return new ResultError(`not a histogram that hopmeter can read: ${reason}`, { cause })
}
