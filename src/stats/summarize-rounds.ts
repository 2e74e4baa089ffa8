import { quantileWarnings, requireFinite } from './check-input.ts'
import { fewestPairs } from './fewest-units.ts'
import { roundLocation } from './round-location.ts'
import { autocorrelated, fewRounds, plannedRounds, tooFewRounds, type StatWarning } from './warnings.ts'

/** One number for many rounds, in the unit of the values (ns in hopmeter). */
export interface Estimate {
  /** Hodges-Lehmann estimate; null without rounds. */
  readonly estimate: number | null
  /** Ends of the exact interval; null when the rounds are too few for one. */
  readonly low: number | null
  readonly high: number | null
  /** What the interval achieves, at least what was asked for; null without an interval. */
  readonly confidence: number | null
  /** Rounds, or builds where builds are what counts. */
  readonly n: number
  readonly warnings: readonly StatWarning[]
}

export interface SummarizeOptions {
  /** Default 0.95. */
  readonly confidence?: number | undefined
  /** Which quantile the values are, 0 to 1, and how many requests each round had: warned about when too few. */
  readonly quantile?: number | undefined
  readonly requestsPerRound?: readonly number[] | undefined
}

/**
 * What one path's quantile is over rounds. Requests are not the sample: they share the weather of their round.
 * Assumes rounds spread evenly about their centre; dependence between neighbours widens the interval.
 * @param valuesNs one value per round, in time order
 * @throws RangeError when a value is not finite or the confidence is not between 0 and 1
 */
export function summarizeRounds(valuesNs: readonly number[], options: SummarizeOptions = {}): Estimate {
  requireFinite(valuesNs)
  const alpha = alphaOf(options)
  const n = valuesNs.length
  const fewest = fewestPairs(alpha)
  const warnings = [...quantileWarnings(options)]
  if (n < fewest) warnings.push(tooFewRounds(n, fewest))
  else if (n < plannedRounds) warnings.push(fewRounds(n))
  if (n === 0) return { estimate: null, low: null, high: null, confidence: null, n, warnings }

  const { estimate, low, high, confidence, dependence } = roundLocation(valuesNs, alpha)
  if (dependence) warnings.push(autocorrelated(dependence.correlation, n, dependence.effectiveN))
  return n < fewest
    ? { estimate, low: null, high: null, confidence: null, n, warnings }
    : { estimate, low, high, confidence, n, warnings }
}

/** @throws RangeError when the confidence is not between 0 and 1 */
export function alphaOf({ confidence = 0.95 }: SummarizeOptions): number {
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`confidence lies between 0 and 1, not ${confidence}`)
  return 1 - confidence
}
