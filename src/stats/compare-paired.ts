import { checkedOptions, pairedDifferences, quantileWarnings } from './check-input.ts'
import type { CompareOptions, Comparison, Observed } from './comparison.ts'
import { conclude } from './conclude.ts'
import { fewestPairs } from './fewest-units.ts'
import { detectableRounds } from './planning.ts'
import { roundLocation } from './round-location.ts'
import { autocorrelated, fewRounds, plannedRounds, tied, tooFewRounds } from './warnings.ts'

/**
 * Does path B differ from path A, measured in the same rounds of one run? Assumes that the order of the two was
 * shuffled inside each round, so that without a difference B - A is as likely positive as negative; a round in which
 * the host was busy counts for both and cancels. Under six rounds there is no verdict.
 * @param a one value per round, in time order, ns
 * @param b the same rounds
 * @throws RangeError when the rounds do not pair up, a value is not finite or an option makes no sense
 */
export function comparePaired(
  a: readonly number[],
  b: readonly number[],
  options: CompareOptions = {},
): Comparison {
  return conclude(observePaired(pairedDifferences(a, b), options))
}

/** What differences of rounds, in time order, show. */
export function observePaired(differences: readonly number[], options: CompareOptions): Observed {
  const { alpha, deltaNs } = checkedOptions(options)
  const n = differences.length
  const fewest = fewestPairs(alpha)
  const refusals = [...quantileWarnings(options)]
  if (n < fewest) refusals.push(tooFewRounds(n, fewest))
  const refused = refusals.length > 0
  const common = { unit: 'round', n, fewest, alpha, deltaNs, refused } as const
  if (n === 0) return { ...common, ...nothing, warnings: refusals }

  const { estimate, low, high, confidence, pValue, sd, dependence } = roundLocation(differences, alpha)
  const warnings = [...refusals]
  if (n >= fewest && n < plannedRounds) warnings.push(fewRounds(n))
  if (dependence) warnings.push(autocorrelated(dependence.correlation, n, dependence.effectiveN))
  const zeros = differences.filter((difference) => difference === 0).length
  if (n >= fewest && 2 * zeros >= n) warnings.push(tied(zeros, n))
  const detectable = n < 2 ? null : detectableRounds(sd, n, alpha)
  return n < fewest
    ? { ...common, ...nothing, difference: estimate, detectable, warnings }
    : {
        ...common,
        difference: estimate,
        low,
        high,
        confidence,
        pValue: refused ? null : pValue,
        detectable,
        warnings,
      }
}

const nothing = { difference: null, low: null, high: null, confidence: null, pValue: null, detectable: null }
