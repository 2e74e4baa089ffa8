import { dependence, type Dependence } from './autocorrelation.ts'
import { oneSampleLocation, type Location } from './location.ts'
import { robustSd } from './planning.ts'

/** The centre of a series of rounds. */
export interface RoundLocation extends Location {
  /** Set when neighbouring rounds depend on each other and the interval was widened for it. */
  readonly dependence: Dependence | undefined
  /** Robust standard deviation, widened likewise. */
  readonly sd: number
}

/**
 * Exact inference on rounds in time order. Dependence is paid for by moving every round away from the estimate by the
 * widening factor before the exact test is made: interval and p-value stay two views of one thing, and the estimate
 * does not move.
 * @param rounds at least one
 */
export function roundLocation(rounds: readonly number[], alpha: number): RoundLocation {
  const independent = oneSampleLocation(rounds, alpha)
  const found = dependence(rounds, alpha)
  if (!found || found.widening === 1) {
    return { ...independent, dependence: undefined, sd: robustSd(rounds) }
  }
  const { estimate } = independent
  const widened = rounds.map((value) => estimate + found.widening * (value - estimate))
  return { ...oneSampleLocation(widened, alpha), estimate, dependence: found, sd: robustSd(widened) }
}
