import { criticalValue, type NullDistribution } from './null-distribution.ts'
import { pairDifferences, walshAverages, type PairStatistics } from './pair-statistics.ts'
import { rankSumNull } from './rank-sum-null.ts'
import { signedRankNull } from './signed-rank-null.ts'

/** A location or shift with its exact interval and the p-value of "it is zero". In the unit of the values. */
export interface Location {
  /** Hodges-Lehmann estimate: the median of the Walsh averages or of the pair differences. */
  readonly estimate: number
  /** Ends of the interval; null when so few values carry no interval at this confidence. */
  readonly low: number | null
  readonly high: number | null
  /** What the interval achieves, at least the 1 - alpha asked for; null without an interval. */
  readonly confidence: number | null
  /** Two-sided. At or under `alpha` exactly when the interval leaves zero out. */
  readonly pValue: number
}

/**
 * Centre of values that are symmetric about it, e.g. paired differences in shuffled order: Wilcoxon's signed-rank
 * test with the Hodges-Lehmann estimate and the interval of Walsh averages.
 * J. L. Hodges and E. L. Lehmann, Annals of Mathematical Statistics 34 (1963); Hollander and Wolfe,
 * Nonparametric Statistical Methods, sections 3.1 to 3.3. Needs 6 values for an interval at 95 %.
 *
 * Zeros and ties: a Walsh average of exactly zero counts on both sides, which is the way of breaking ties that
 * speaks most against a difference. So the p-value is never too small whatever the ties, and agrees with the
 * closed interval, where midranks and Pratt's zeros would reject a zero that lies on the interval's end.
 */
export function oneSampleLocation(values: readonly number[], alpha: number): Location {
  return invert(walshAverages(values), signedRankNull(values.length), alpha)
}

/**
 * Shift from `a` to `b` of two independent samples: the Mann-Whitney test, the Hodges-Lehmann shift and the interval
 * of pair differences (Hollander and Wolfe, sections 4.1 to 4.3). Ties as above.
 */
export function twoSampleShift(a: readonly number[], b: readonly number[], alpha: number): Location {
  return invert(pairDifferences(a, b), rankSumNull(a.length, b.length), alpha)
}

/** Hodges-Lehmann estimate of one sample: the median of its Walsh averages. NaN without values. */
export function hodgesLehmann(values: readonly number[]): number {
  return medianOf(walshAverages(values))
}

/** Estimate, interval and p-value all read from one ordered list, so they cannot contradict each other. */
function invert(pairs: PairStatistics, whenEqual: NullDistribution, alpha: number): Location {
  const { size } = pairs
  const estimate = medianOf(pairs)
  const smallerSide = Math.min(pairs.atMost(0), size - pairs.below(0))
  const pValue = Math.min(1, 2 * whenEqual.atMost(smallerSide))
  const critical = criticalValue(whenEqual, alpha)
  if (critical < 0) return { estimate, low: null, high: null, confidence: null, pValue }
  return {
    estimate,
    low: pairs.kth(critical + 1),
    high: pairs.kth(size - critical),
    confidence: 1 - 2 * whenEqual.atMost(critical),
    pValue,
  }
}

function medianOf(pairs: PairStatistics): number {
  return (pairs.kth(Math.floor((pairs.size + 1) / 2)) + pairs.kth(Math.floor(pairs.size / 2) + 1)) / 2
}
