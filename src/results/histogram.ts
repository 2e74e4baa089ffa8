import { encodeIntoCompressedBase64, Float64Histogram, type JsHistogram } from 'hdr-histogram-js'
import { SparseCounts, subBucketsOf, valueAt } from './histogram-counts.ts'
import { decodeCounts, type HistogramCounts } from './histogram-decode.ts'
import type { QuantilesNs } from './schema.ts'

/**
 * Latency histograms: HDR with values in nanoseconds and 3 significant digits, kept as V2 compressed base64, which
 * every HdrHistogram port reads. Text that comes from a file is decoded within bounds, whoever wrote it.
 */

const significantDigits = 3

/** Values of one histogram bucket, both ends included, and how many were recorded. */
export interface HistogramBucket {
  readonly lowNs: number
  readonly highNs: number
  readonly count: number
}

/** An empty histogram that grows as values come. Counts are exact up to 2^53. */
export function newHistogram(): JsHistogram {
  return emptyLike({ lowest: 1, highest: 2 ** 20, digits: significantDigits })
}

function emptyLike(shape: Pick<HistogramCounts, 'lowest' | 'highest' | 'digits'>): JsHistogram {
  const histogram = new Float64Histogram(shape.lowest, shape.highest, shape.digits)
  histogram.autoResize = true
  return histogram
}

/** @throws ResultError when the text is no V2 HDR histogram, or is larger than any that hopmeter writes. */
export function decodeHistogram(encoded: string): JsHistogram {
  const decoded = decodeCounts(encoded)
  const histogram = emptyLike(decoded)
  for (const [index, count] of decoded.counts) histogram.setCountAtIndex(index, count)
  histogram.establishInternalTackingValues()
  return histogram
}

/** The same values give the same text, whatever the histogram held room for. */
export function encodeHistogram(histogram: JsHistogram): string {
  histogram.highestTrackableValue = Math.max(2, histogram.highestEquivalentValue(histogram.maxValue))
  return encodeIntoCompressedBase64(histogram)
}

/** Adds up histograms count by count: the sum is exactly what one histogram would have recorded. */
export class HistogramSum {
  readonly #counts = new SparseCounts(significantDigits)

  get count(): number {
    return this.#counts.total
  }

  /** Buckets that hold something: what the sum takes in memory. */
  get buckets(): number {
    return this.#counts.size
  }

  /** Counts as {@link decodeCounts} reads them. */
  add(counts: Pick<HistogramCounts, 'digits' | 'counts'>): void {
    this.#counts.add(counts)
  }

  encode(): string {
    const highest = Math.max(2, this.#counts.highest)
    const histogram = emptyLike({ lowest: 1, highest, digits: significantDigits })
    for (const [index, count] of this.#counts.entries()) histogram.setCountAtIndex(index, count)
    histogram.establishInternalTackingValues()
    return encodeHistogram(histogram)
  }
}

/**
 * The exact sum of encoded histograms, encoded; an empty histogram for an empty list.
 * @throws ResultError when one cannot be decoded.
 */
export function mergeHistograms(encoded: readonly string[]): string {
  const sum = new HistogramSum()
  for (const one of encoded) sum.add(decodeCounts(one))
  return sum.encode()
}

/**
 * Buckets of an encoded histogram with at least one value, in rising order; without the memory of all that its range
 * could hold, for those who read thousands.
 * @throws ResultError when it cannot be decoded.
 */
export function bucketsOf(encoded: string): readonly HistogramBucket[] {
  const { digits, counts } = decodeCounts(encoded)
  const subBuckets = subBucketsOf(digits)
  return counts.map(([index, count]) => {
    const lowNs = valueAt(index, subBuckets)
    return { lowNs, highNs: valueAt(index + 1, subBuckets) - 1, count }
  })
}

/** Buckets with at least one value, in rising order. */
export function* histogramBuckets(histogram: JsHistogram): Generator<HistogramBucket> {
  for (let index = 0; index < histogram.countsArrayLength; index++) {
    const count = histogram.getCountAtIndex(index)
    if (count === 0) continue
    const lowNs = histogram.valueFromIndex(index)
    yield { lowNs, highNs: histogram.highestEquivalentValue(lowNs), count }
  }
}

/**
 * Quantiles in ns at rising levels `q` (0 to 1), by linear interpolation inside the bucket that holds the quantile.
 * A bucket is up to 0.1 % wide, which at 500 µs is more than the effects to resolve; without interpolation round
 * quantiles would jump from bucket to bucket and tie. Empty histograms give NaN.
 */
export function quantilesOf(histogram: JsHistogram, levels: readonly number[]): number[] {
  const total = histogram.totalCount
  const values: number[] = []
  let below = 0
  for (const { lowNs, highNs, count } of histogramBuckets(histogram)) {
    while (values.length < levels.length) {
      // One part in 10^12 less, so that 0.999 * 1000 in floating point does not skip the 999th value.
      const rank = levels[values.length]! * total * (1 - 1e-12)
      if (rank > below + count) break
      const inside = Math.max(0, rank - below) / count
      values.push(lowNs + inside * (highNs - lowNs))
    }
    below += count
  }
  while (values.length < levels.length) values.push(Number.NaN)
  return values
}

/**
 * Number of values and digest of an encoded histogram; the digest of an empty one is null. `min` and `max` are the
 * outer ends of the outermost buckets, so they bound what was measured.
 * @throws ResultError when it cannot be decoded.
 */
export function histogramQuantiles(encoded: string): {
  readonly count: number
  readonly quantilesNs: QuantilesNs | null
} {
  const histogram = decodeHistogram(encoded)
  const count = histogram.totalCount
  if (count === 0) return { count, quantilesNs: null }
  let min = Number.NaN
  let max = Number.NaN
  let sum = 0
  for (const bucket of histogramBuckets(histogram)) {
    if (Number.isNaN(min)) min = bucket.lowNs
    max = bucket.highNs
    sum += ((bucket.lowNs + bucket.highNs) / 2) * bucket.count
  }
  const [p50, p90, p99, p999] = quantilesOf(histogram, [0.5, 0.9, 0.99, 0.999]).map(tenthNs) as [
    number,
    number,
    number,
    number,
  ]
  return { count, quantilesNs: { p50, p90, p99, p999, min, max, mean: tenthNs(sum / count) } }
}

function tenthNs(value: number): number {
  return Math.round(value * 10) / 10
}
