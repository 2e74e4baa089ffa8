import type { Comparison, Observed, Verdict } from './comparison.ts'
import { normalUpperQuantile } from './normal.ts'
import { detectionZ, unitsToSettle } from './planning.ts'
import { lostToHolm, undecided, withinDelta } from './warnings.ts'

/** The p-value that a verdict is drawn from, and how many comparisons it was adjusted for. */
interface Judged {
  readonly pValue: number | null
  readonly family: number
}

/**
 * The verdict on what was observed.
 *
 * `same` comes first: an interval inside +-delta says that whatever difference there is does not matter, even when it
 * is not zero. That is two one-sided tests (D. J. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15,
 * 1987), made stricter by using the printed 1 - alpha interval. A large p-value alone never says `same`.
 */
export function conclude(
  observed: Observed,
  judged: Judged = { pValue: observed.pValue, family: 1 },
): Comparison {
  const { alpha, refused, unit, n } = observed
  const verdict = verdictOf(observed, judged.pValue)
  const pValue = observed.pValue ?? 1
  const adjusted = judged.pValue ?? 1
  const isLostToHolm = !refused && verdict === 'cannot tell' && pValue <= alpha && adjusted > alpha
  const needed =
    verdict === 'cannot tell' ? neededUnits(observed, isLostToHolm ? alpha / judged.family : alpha) : null

  const warnings = [...observed.warnings]
  if (verdict === 'same' && pValue <= alpha) warnings.push(withinDelta())
  if (isLostToHolm) warnings.push(lostToHolm(pValue, adjusted, judged.family))
  if (verdict === 'cannot tell' && !refused) warnings.push(undecided(n, unit, needed, observed.deltaNs))
  return {
    ...observed,
    verdict,
    roundsNeeded: unit === 'round' ? needed : null,
    buildsNeeded: unit === 'build' ? needed : null,
    warnings,
  }
}

function verdictOf({ low, high, alpha, deltaNs, refused }: Observed, pValue: number | null): Verdict {
  if (refused || low === null || high === null || pValue === null) return 'cannot tell'
  if (deltaNs !== null && low > -deltaNs && high < deltaNs) return 'same'
  if (pValue > alpha) return 'cannot tell'
  return low > 0 ? 'slower' : 'faster'
}

function neededUnits(observed: Observed, alpha: number): number | null {
  const { n, difference, low, high, deltaNs, detectable, fewest } = observed
  if (low === null || high === null) {
    // Too few for an interval: what their spread promises, but never fewer than a verdict takes.
    if (difference === null || detectable === null) return fewest
    const halfWidth = (detectable * normalUpperQuantile(observed.alpha / 2)) / detectionZ(observed.alpha)
    const promised = unitsToSettle({
      n,
      difference,
      halfWidth,
      alpha,
      intervalAlpha: observed.alpha,
      deltaNs,
    })
    return Math.max(fewest, promised ?? fewest)
  }
  // Refused for another reason than their number: more of the same would not help.
  if (observed.refused) return null
  const halfWidth = (high - low) / 2
  return unitsToSettle({
    n,
    difference: difference ?? 0,
    halfWidth,
    alpha,
    intervalAlpha: observed.alpha,
    deltaNs,
  })
}
