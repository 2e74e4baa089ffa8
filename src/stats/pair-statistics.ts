/** The values that one number per pair of observations makes, in order, seen without storing them where they are many. */
export interface PairStatistics {
  readonly size: number
  atMost(value: number): number
  below(value: number): number
  /** The k-th smallest, k from 1 to `size`. */
  kth(k: number): number
}

/** Rows of non-decreasing values: row i holds at(i, start(i)) … at(i, columns - 1). Columns rise or fall, all alike. */
interface Rows {
  readonly rows: number
  readonly columns: number
  start(row: number): number
  at(row: number, column: number): number
}

/** Up to this many values are sorted outright (182 rounds); above, order statistics are searched for in O(n log n). */
const sortedUpTo = 1 << 14

/** Walsh averages (x_i + x_j) / 2 for i <= j: n(n+1)/2 of them. */
export function walshAverages(values: readonly number[], storeUpTo = sortedUpTo): PairStatistics {
  const x = Float64Array.from(values).toSorted()
  const at = (i: number, j: number) => ((x[i] ?? 0) + (x[j] ?? 0)) / 2
  return pairStatistics({ rows: x.length, columns: x.length, start: (i) => i, at }, storeUpTo)
}

/** Differences b_j - a_i of every pair: m·n of them. */
export function pairDifferences(
  a: readonly number[],
  b: readonly number[],
  storeUpTo = sortedUpTo,
): PairStatistics {
  const x = Float64Array.from(a).toSorted()
  const y = Float64Array.from(b).toSorted()
  const at = (i: number, j: number) => (y[j] ?? 0) - (x[i] ?? 0)
  return pairStatistics({ rows: x.length, columns: y.length, start: () => 0, at }, storeUpTo)
}

function pairStatistics(rows: Rows, storeUpTo: number): PairStatistics {
  let size = 0
  for (let i = 0; i < rows.rows; i++) size += rows.columns - rows.start(i)
  return size <= storeUpTo ? stored(rows) : searched(rows, size, storeUpTo)
}

function stored(rows: Rows): PairStatistics {
  const all = collect(rows, -Infinity, Infinity)
  const below = (value: number) => firstIndex(0, all.length, (i) => (all[i] ?? 0) >= value)
  const atMost = (value: number) => firstIndex(0, all.length, (i) => (all[i] ?? 0) > value)
  return { size: all.length, atMost, below, kth: (k) => all[k - 1] ?? NaN }
}

function searched(rows: Rows, size: number, storeUpTo: number): PairStatistics {
  /** How many values are not past a limit, and the actual values on either side of it. */
  const split = (isPast: (value: number) => boolean) => {
    let count = 0
    let last = -Infinity
    let next = Infinity
    let end = 0
    for (let i = 0; i < rows.rows; i++) {
      const start = rows.start(i)
      // From row to row the end moves in one direction only, so all rows together cost as much as one walk.
      end = Math.max(end, start)
      while (end < rows.columns && !isPast(rows.at(i, end))) end += 1
      while (end > start && isPast(rows.at(i, end - 1))) end -= 1
      count += end - start
      if (end > start) last = Math.max(last, rows.at(i, end - 1))
      if (end < rows.columns) next = Math.min(next, rows.at(i, end))
    }
    return { count, last, next }
  }
  const splitAt = (value: number) => split((v) => v > value)
  const kth = (k: number) => {
    let low = splitAt(-Infinity).next
    let high = splitAt(Infinity).last
    let upToLow = splitAt(low).count
    let upToHigh = size
    if (k <= upToLow) return low
    // The k-th lies in (low, high] and high is an actual value. Halve until few enough are left to sort, or until
    // all that are left equal `high`.
    while (upToHigh - upToLow > storeUpTo) {
      const middle = low + (high - low) / 2
      if (middle >= high) return high
      const { count, last, next } = splitAt(middle)
      if (count >= k) [high, upToHigh] = [last, count]
      else if (next === high || middle === low) return high
      else [low, upToLow] = [middle, count]
    }
    return collect(rows, low, high)[k - upToLow - 1] ?? NaN
  }
  const below = (value: number) => split((v) => v >= value).count
  return { size, atMost: (value) => splitAt(value).count, below, kth }
}

/** The values in (above, upTo], sorted. */
function collect(rows: Rows, above: number, upTo: number): Float64Array {
  const found: number[] = []
  for (let i = 0; i < rows.rows; i++) {
    let j = firstIndex(rows.start(i), rows.columns, (column) => rows.at(i, column) > above)
    for (; j < rows.columns; j++) {
      const value = rows.at(i, j)
      if (value > upTo) break
      found.push(value)
    }
  }
  return Float64Array.from(found).toSorted()
}

/** The first index in [from, to) for which the monotone `holds` is true, or `to`. */
function firstIndex(from: number, to: number, holds: (index: number) => boolean): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
