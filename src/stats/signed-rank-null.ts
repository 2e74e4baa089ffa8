import { approximateDistribution, exactDistribution, type NullDistribution } from './null-distribution.ts'

/** Above this many values the normal approximation is off by less than 2e-4, and the exact table costs n³/6. */
const exactUpTo = 500

const cache = new Map<number, NullDistribution>()

/**
 * Wilcoxon's signed-rank statistic W+ of n values when each is as likely positive as negative:
 * the sum of a random subset of the ranks 1..n. Exact up to 500 values, by adding one rank after the other.
 * F. Wilcoxon, Individual Comparisons by Ranking Methods, Biometrics Bulletin 1 (1945).
 */
export function signedRankNull(n: number): NullDistribution {
  const known = cache.get(n)
  if (known) return known
  const made =
    n <= exactUpTo
      ? exactDistribution(subsetSums(n))
      : approximateDistribution((n * (n + 1)) / 2, (n * (n + 1) * (2 * n + 1)) / 24)
  cache.set(n, made)
  return made
}

function subsetSums(n: number): Float64Array {
  const probabilities = new Float64Array((n * (n + 1)) / 2 + 1)
  probabilities[0] = 1
  for (let rank = 1; rank <= n; rank++) {
    // Downwards, so that each rank is used once.
    for (let sum = (rank * (rank + 1)) / 2; sum >= 0; sum--) {
      const withRank = sum >= rank ? (probabilities[sum - rank] ?? 0) : 0
      probabilities[sum] = ((probabilities[sum] ?? 0) + withRank) / 2
    }
  }
  return probabilities
}
