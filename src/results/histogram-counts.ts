import type { HistogramCounts } from './histogram-decode.ts'

/** Counts of values by bucket, only of those that have any: what is never recorded costs nothing. */
export class SparseCounts {
  readonly #subBuckets: number
  readonly #digits: number
  readonly #counts = new Map<number, number>()
  #total = 0

  constructor(digits: number) {
    this.#digits = digits
    this.#subBuckets = subBucketsOf(digits)
  }

  /** Number of values. */
  get total(): number {
    return this.#total
  }

  /** Number of buckets that hold any. */
  get size(): number {
    return this.#counts.size
  }

  /** The highest value whose bucket holds any; 0 when there is none. */
  get highest(): number {
    let last = -1
    for (const index of this.#counts.keys()) if (index > last) last = index
    return last < 0 ? 0 : valueAt(last, this.#subBuckets)
  }

  /** Adds counts bucket by bucket; those of another resolution by the value at which their buckets start. */
  add({ digits, counts }: Pick<HistogramCounts, 'digits' | 'counts'>): void {
    const theirs = subBucketsOf(digits)
    for (const [index, count] of counts) {
      const own = digits === this.#digits ? index : indexOf(valueAt(index, theirs), this.#subBuckets)
      this.#counts.set(own, (this.#counts.get(own) ?? 0) + count)
      this.#total += count
    }
  }

  entries(): Iterable<readonly [index: number, count: number]> {
    return this.#counts
  }
}

/** Values at full resolution: 2 * 10^digits, rounded up to a power of two. */
export function subBucketsOf(digits: number): number {
  return 2 ** Math.ceil(Math.log2(2 * 10 ** digits))
}

/** The lowest value of a bucket. The first two half rows have a bucket for each value, later ones halve their number. */
export function valueAt(index: number, subBuckets: number): number {
  const half = subBuckets / 2
  const row = Math.floor(index / half) - 1
  return row < 0 ? index : ((index % half) + half) * 2 ** row
}

function indexOf(value: number, subBuckets: number): number {
  let row = 0
  while (value >= subBuckets * 2 ** row) row += 1
  const half = subBuckets / 2
  return row === 0 ? value : row * half + Math.floor(value / 2 ** row)
}
