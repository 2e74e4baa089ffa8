import { oneSampleLocation, type Location } from './location.ts'
import { lagOneCorrelation } from './lag-one.ts'

/** The centre of values that may resemble their neighbours in time. */
export interface RoundLocation extends Location {
  /** Lag-1 correlation that the interval allows for: what the values show, and what so few of them may hide. */
  readonly correlation: number
  /** Independent values that say as much as these: what the interval is made for. */
  readonly effectiveN: number
}

/** Above it, a series is a drift, and no number of its rounds is worth much. */
const strongest = 0.95

/**
 * Exact inference on values that may resemble their neighbours: rounds of one start, or whatever the unit is where a
 * level is read by itself, because that moves with the host. n rounds with lag-1 correlation r say as much as n (1 - r) / (1 + r) independent ones (an AR(1) process; G. M. Jenkins and D. G. Watts, Spectral
 * Analysis, 1968, section 5.3). Few rounds show too little of their correlation, hence the correction of M. G. Kendall
 * (Biometrika 41, 1954), and show it inexactly, hence most of a standard error more. Every round is moved away from the
 * estimate by the root of n / effective n before the exact test is made: interval and p-value stay two views of one
 * thing, and the estimate does not move.
 * @param rounds at least one, in time order
 */
export function roundLocation(rounds: readonly number[], alpha: number): RoundLocation {
  const n = rounds.length
  const independent = oneSampleLocation(rounds, alpha)
  const correlation = corrected(lagOneCorrelation(rounds), n)
  if (correlation === 0) return { ...independent, correlation, effectiveN: n }
  const effectiveN = (n * (1 - correlation)) / (1 + correlation)
  const { estimate } = independent
  const widening = Math.sqrt(n / effectiveN)
  const widened = rounds.map((value) => estimate + widening * (value - estimate))
  return { ...oneSampleLocation(widened, alpha), estimate, correlation, effectiveN }
}

/** Standard errors of the correlation, 1 / sqrt(n), added to it. */
const caution = 0.75

/** Kendall: the expected lag-1 correlation of n values about their own mean is r - (1 + 4 r) / n. */
function corrected(observed: number, n: number): number {
  if (n < 6) return 0
  return Math.min(strongest, Math.max(0, (n * observed + 1) / (n - 4) + caution / Math.sqrt(n)))
}
