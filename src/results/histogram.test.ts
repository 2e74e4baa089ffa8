import { deflateSync } from 'node:zlib'
import * as fc from 'fast-check'
import {
  build,
  Float64Histogram,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  initWebAssemblySync,
  type Histogram,
} from 'hdr-histogram-js'
import { describe, expect, test } from 'vitest'
import { ResultError } from '../errors.ts'
import {
  bucketsOf,
  decodeHistogram,
  encodeHistogram,
  histogramBuckets,
  histogramQuantiles,
  mergeHistograms,
  newHistogram,
  quantilesOf,
} from './histogram.ts'

const latencies = fc.array(fc.integer({ min: 0, max: 3_600_000_000_000 }), { maxLength: 300 })

function histogramOf(values: readonly number[]) {
  const histogram = newHistogram()
  for (const value of values) histogram.recordValue(value)
  return histogram
}

/** The encoding of values recorded by the library in the settings that the agent uses. */
function encodedElsewhere(values: readonly number[], useWebAssembly = false): string {
  const histogram = build({
    bitBucketSize: 32,
    autoResize: true,
    numberOfSignificantValueDigits: 3,
    useWebAssembly,
  })
  for (const value of values) histogram.recordValue(value)
  return encodeIntoCompressedBase64(histogram)
}

const denseBucketsOf = (encoded: string) => [...histogramBuckets(decodeHistogram(encoded))]

describe('decoding', () => {
  test('gives back what was recorded', () => {
    fc.assert(
      fc.property(latencies, (values) => {
        const buckets = denseBucketsOf(encodedElsewhere(values))
        expect(buckets).toEqual([...histogramBuckets(histogramOf(values))])
        expect(buckets.reduce((sum, b) => sum + b.count, 0)).toBe(values.length)
        for (const value of values)
          expect(buckets.some((b) => b.lowNs <= value && value <= b.highNs)).toBe(true)
      }),
    )
  })

  test('reads the same buckets without the memory of a whole range', () => {
    fc.assert(
      fc.property(
        fc.array(fc.maxSafeNat(), { maxLength: 50 }),
        fc.integer({ min: 1, max: 4 }),
        (values, digits) => {
          const histogram = new Float64Histogram(1, 2, digits)
          histogram.autoResize = true
          for (const value of values) histogram.recordValue(value)
          const encoded = encodeHistogram(histogram)
          expect(bucketsOf(encoded)).toEqual(denseBucketsOf(encoded))
          const sum = newHistogram()
          if (values.length > 0) sum.add(histogram)
          expect(mergeHistograms([encoded])).toBe(encodeHistogram(sum))
        },
      ),
    )
  })

  test("agrees with the library's own decoder", () => {
    fc.assert(
      fc.property(latencies, (values) => {
        const encoded = encodedElsewhere(values)
        const theirs: Histogram = decodeFromCompressedBase64(encoded)
        const ours = decodeHistogram(encoded)
        expect(ours.toJSON()).toEqual(theirs.toJSON())
        expect([...histogramBuckets(decodeHistogram(encodeHistogram(ours)))]).toEqual(denseBucketsOf(encoded))
      }),
    )
  })

  test('reads what the WebAssembly implementation wrote', () => {
    initWebAssemblySync()
    const values = [0, 1, 999, 402_117, 402_118, 52_000_123]
    expect(denseBucketsOf(encodedElsewhere(values, true))).toEqual([...histogramBuckets(histogramOf(values))])
  })

  test('keeps counts beyond 2^32 exact', () => {
    const histogram = newHistogram()
    histogram.recordValueWithCount(500_000, 2 ** 40 + 1)
    expect(denseBucketsOf(encodeHistogram(histogram))).toMatchObject([{ count: 2 ** 40 + 1 }])
  })
})

function outcomeOf(action: () => unknown): 'done' | 'refused' | 'crashed' {
  try {
    action()
    return 'done'
  } catch (error) {
    return error instanceof ResultError ? 'refused' : 'crashed'
  }
}

describe('decoding what a stranger wrote', () => {
  /** A V2 text around a payload, with header fields of choice. */
  function forged(payload: readonly number[] | Buffer, header: Record<string, number | bigint> = {}): string {
    const { cookie = 0x1c849313, length = payload.length, shift = 1, digits = 3 } = header
    const { lowest = 1n, highest = 1_000_000n } = header
    const plain = Buffer.alloc(40 + payload.length)
    plain.writeUInt32BE(Number(cookie), 0)
    plain.writeInt32BE(Number(length), 4)
    plain.writeInt32BE(Number(shift), 8)
    plain.writeInt32BE(Number(digits), 12)
    plain.writeBigInt64BE(BigInt(lowest), 16)
    plain.writeBigInt64BE(BigInt(highest), 24)
    Buffer.from(payload).copy(plain, 40)
    const body = deflateSync(plain)
    const head = Buffer.alloc(8)
    head.writeUInt32BE(0x1c849314, 0)
    head.writeInt32BE(Number(header['outer'] ?? body.length), 4)
    return Buffer.concat([head, body]).toString('base64')
  }

  test('accepts the forgery that is well-formed, so that the others fail for the reason they name', () => {
    expect(denseBucketsOf(forged([1, 4]))).toEqual([{ lowNs: 1, highNs: 1, count: 2 }])
  })

  test.each([
    ['an empty text', ''],
    ['no base64', '!!!'],
    ['another cookie', forged([2], { cookie: 0x1c849301 })],
    ['a length beyond its data', forged([2], { length: 2_000_000 })],
    ['a negative length', forged([2], { length: -1 })],
    ['a compressed length beyond its data', forged([2], { outer: 1 << 30 })],
    ['shifted indices', forged([2], { shift: 77 })],
    ['6 significant digits, which take gigabytes', forged([2], { digits: 6 })],
    ['0 significant digits', forged([2], { digits: 0 })],
    ['another unit', forged([2], { lowest: 1000 })],
    ['a range beyond 2^53', forged([2], { highest: 2n ** 62n })],
    ['a negative range', forged([2], { highest: -5n })],
    ['2^55 empty buckets in eight bytes', forged([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])],
    ['a count beyond 2^53', forged([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ['more buckets than its range has', forged(Buffer.alloc(30_000, 2))],
    ['a count that ends in the middle', forged([0x82])],
    ['64 MB of zeros, deflated', forged(Buffer.alloc(64 << 20))],
    ['a very long text', 'A'.repeat(2 << 20)],
  ])('refuses %s', (_, text) => {
    expect(() => decodeHistogram(text)).toThrow(ResultError)
  })

  test('never fails otherwise, whatever bytes are changed', () => {
    const original = Buffer.from(encodedElsewhere([100, 200, 200, 70_000, 8_000_000]), 'base64')
    fc.assert(
      fc.property(fc.nat(original.length - 1), fc.nat(255), fc.nat(original.length), (at, byte, length) => {
        const changed = Buffer.from(original)
        changed[at] = byte
        expect(outcomeOf(() => decodeHistogram(changed.subarray(0, length).toString('base64')))).not.toBe(
          'crashed',
        )
      }),
      { numRuns: 2000 },
    )
  })
})

describe('merging', () => {
  test('equals recording everything into one histogram, whatever the split and the order', () => {
    fc.assert(
      fc.property(fc.array(latencies, { maxLength: 5 }), (parts) => {
        const merged = mergeHistograms(parts.map((part) => encodedElsewhere(part)))
        expect(merged).toBe(encodeHistogram(histogramOf(parts.flat())))
        expect(mergeHistograms(parts.toReversed().map((part) => encodedElsewhere(part)))).toBe(merged)
      }),
    )
  })

  test('of nothing is an empty histogram', () => {
    expect(histogramQuantiles(mergeHistograms([]))).toEqual({ count: 0, quantilesNs: null })
  })
})

describe('quantiles', () => {
  test('lie in the bucket of the value that has that rank', () => {
    const levels = [0.5, 0.9, 0.99, 0.999]
    fc.assert(
      fc.property(
        latencies.filter((values) => values.length > 0),
        (values) => {
          const sorted = values.toSorted((a, b) => a - b)
          const histogram = histogramOf(values)
          quantilesOf(histogram, levels).forEach((quantile, i) => {
            const exact = sorted[Math.ceil(levels[i]! * values.length - 1e-9) - 1]!
            expect(quantile).toBeGreaterThanOrEqual(histogram.lowestEquivalentValue(exact))
            expect(quantile).toBeLessThanOrEqual(histogram.highestEquivalentValue(exact))
          })
        },
      ),
    )
  })

  test('rise from min to max, and so does the mean between them', () => {
    fc.assert(
      fc.property(
        latencies.filter((values) => values.length > 0),
        (values) => {
          const { count, quantilesNs } = histogramQuantiles(encodedElsewhere(values))
          const { min, p50, p90, p99, p999, max, mean } = quantilesNs!
          expect(count).toBe(values.length)
          expect([min, p50, p90, p99, p999, max]).toEqual(
            [min, p50, p90, p99, p999, max].toSorted((a, b) => a - b),
          )
          expect(min).toBeLessThanOrEqual(Math.min(...values))
          expect(max).toBeGreaterThanOrEqual(Math.max(...values))
          expect(mean).toBeGreaterThanOrEqual(min)
          expect(mean).toBeLessThanOrEqual(max)
        },
      ),
    )
  })

  test('resolve less than the width of a bucket', () => {
    // Around 500 µs a bucket is 256 ns wide; these samples are 40 ns apart.
    for (let median = 500_000; median < 500_600; median += 20) {
      const values = Array.from({ length: 2001 }, (_, i) => median + (i - 1000) * 40)
      const { p50 } = histogramQuantiles(encodedElsewhere(values)).quantilesNs!
      expect(Math.abs(p50 - median)).toBeLessThan(45)
    }
  })
})
