import { medianAbsoluteDeviation, sampleStandardDeviation } from 'simple-statistics'
import { normalUpperQuantile } from './normal.ts'

/** Chance to see a difference of the stated size. */
const power = 0.8
/** Variance of the Hodges-Lehmann estimate over that of the mean, for normal noise: pi / 3. */
const rankCost = Math.PI / 3

/**
 * Standard deviation as normal noise would have it, from the median absolute deviation: 1.4826 MAD. Falls back to the
 * sample's own when more than half the values are equal. 0 for fewer than two values.
 */
export function robustSd(values: readonly number[]): number {
  if (values.length < 2) return 0
  const fromMad = 1.4826 * medianAbsoluteDeviation([...values])
  return fromMad > 0 ? fromMad : sampleStandardDeviation([...values])
}

/**
 * Smallest difference that n observations detect with about 80 % power:
 * (z(1 - alpha/2) + z(0.8)) sd / sqrt(n) sqrt(pi/3); 1 + 3/n pays for the coarse p-values of few.
 * @param sd standard deviation of the paired contrasts
 */
export function detectablePaired(sd: number, n: number, alpha: number): number {
  return detectionZ(alpha) * sd * Math.sqrt(rankCost / n) * (1 + 3 / n)
}

/** The same for two independent groups with their own standard deviations; 1 + 1.5/n pays for coarse p-values. */
export function detectableShift(
  a: { readonly sd: number; readonly n: number },
  b: { readonly sd: number; readonly n: number },
  alpha: number,
): number {
  const standardError = Math.sqrt(rankCost * (a.sd ** 2 / a.n + b.sd ** 2 / b.n))
  return detectionZ(alpha) * standardError * (1 + 1.5 / Math.min(a.n, b.n))
}

/** What an undecided comparison knows. */
export interface OpenQuestion {
  /** Observations, of the smaller side where there are two. */
  readonly n: number
  readonly difference: number
  readonly halfWidth: number
  /** Of the verdict to come; the interval was made for `intervalAlpha`. */
  readonly alpha: number
  readonly intervalAlpha: number
  readonly deltaNs: number | null
}

/**
 * Observations in all after which an undecided comparison should be settled, in about four of five cases: the interval,
 * shrinking with the square root, must leave out zero or, when `deltaNs` is given, lie inside it, whichever needs fewer.
 * null when no number would do: the estimate is zero and nothing says which difference matters.
 */
export function unitsToSettle(question: OpenQuestion): number | null {
  const { n, difference, halfWidth, alpha, intervalAlpha, deltaNs } = question
  const size = Math.abs(difference)
  const target = Math.max(size, deltaNs === null ? 0 : deltaNs - size)
  if (!(target > 0)) return null
  const growth = detectionZ(alpha) / normalUpperQuantile(intervalAlpha / 2)
  return Math.max(n + 1, Math.ceil(n * ((halfWidth / target) * growth) ** 2))
}

/** Standard errors between zero and a difference that is seen with 80 % power. */
export function detectionZ(alpha: number): number {
  return normalUpperQuantile(alpha / 2) + normalUpperQuantile(1 - power)
}
