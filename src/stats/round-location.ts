import { dependence, wideningToReachParts, type Dependence } from './dependence.ts'
import { oneSampleLocation, type Location } from './location.ts'
import { robustSd, typicalCaution } from './planning.ts'

/** The centre of a series of rounds. */
export interface RoundLocation extends Location {
  /** Set when there is evidence that neighbouring rounds depend on each other. */
  readonly dependence: (Dependence & { readonly effectiveN: number }) | undefined
  /** Robust standard deviation, wider where more caution was needed than independent rounds of this number need. */
  readonly sd: number
}

/** Bayes factor from which on a reader is told; one in about twenty independent series shows that much. */
const worthTelling = 3

/**
 * Exact inference on rounds in time order. Possible dependence is paid for by moving every round away from the
 * estimate by a factor before the exact test is made: interval and p-value stay two views of one thing, and the
 * estimate does not move.
 * @param rounds at least one
 */
export function roundLocation(rounds: readonly number[], alpha: number): RoundLocation {
  const independent = oneSampleLocation(rounds, alpha)
  const found = dependence(rounds, alpha)
  const { estimate, low, high } = independent
  const n = rounds.length
  if (!found) return { ...independent, dependence: undefined, sd: robustSd(rounds) }
  const reach = { below: estimate - (low ?? estimate), above: (high ?? estimate) - estimate }
  const widening = Math.max(found.widening, wideningToReachParts(rounds, estimate, reach, found.evidence))
  const effectiveN = Math.max(1, n / widening ** 2)
  const sd = robustSd(rounds) * Math.max(1, widening / typicalCaution(n))
  const told = found.evidence >= worthTelling ? { ...found, widening, effectiveN } : undefined
  if (widening === 1) return { ...independent, dependence: told, sd }
  const widened = rounds.map((value) => estimate + widening * (value - estimate))
  return { ...oneSampleLocation(widened, alpha), estimate, dependence: told, sd }
}
