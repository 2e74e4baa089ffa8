import { approximateDistribution, exactDistribution, type NullDistribution } from './null-distribution.ts'

/** Exact while m·n stays at or under this (50 against 50); the table costs (m·n)². */
const exactUpToPairs = 2500

const cache = new Map<string, NullDistribution>()

/**
 * Mann-Whitney's U of m and n values when both come from one distribution: of the m·n pairs, how many have the
 * first sample's value above the second's. Exact up to 2,500 pairs, by the recurrence of
 * H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947): the largest value belongs to the
 * first sample with probability m/(m+n), and then wins n pairs.
 */
export function rankSumNull(m: number, n: number): NullDistribution {
  const key = `${Math.min(m, n)},${Math.max(m, n)}`
  const known = cache.get(key)
  if (known) return known
  const made =
    m * n <= exactUpToPairs
      ? exactDistribution(recurrence(Math.min(m, n), Math.max(m, n)))
      : approximateDistribution(m * n, (m * n * (m + n + 1)) / 12)
  cache.set(key, made)
  return made
}

function recurrence(m: number, n: number): Float64Array {
  // table[i] holds the distribution for i and j values, with j growing.
  let table = Array.from({ length: m + 1 }, () => Float64Array.of(1))
  for (let j = 1; j <= n; j++) {
    const next = [Float64Array.of(1)]
    for (let i = 1; i <= m; i++) {
      const probabilities = new Float64Array(i * j + 1)
      const fewerFirst = next[i - 1] ?? next[0]
      const fewerSecond = table[i] ?? table[0]
      for (let u = 0; u <= i * j; u++) {
        const largestIsFirst = u >= j ? (fewerFirst?.[u - j] ?? 0) : 0
        const largestIsSecond = fewerSecond?.[u] ?? 0
        probabilities[u] = (i * largestIsFirst + j * largestIsSecond) / (i + j)
      }
      next.push(probabilities)
    }
    table = next
  }
  return table[m] ?? Float64Array.of(1)
}
