import type { Comparison, Observed, Verdict } from './comparison.ts'
import { isInside, marginNs } from './margin.ts'
import { normalUpperQuantile } from './normal.ts'
import { detectionZ, unitsToSettle } from './planning.ts'
import { lostToFamily, undecided, withinMargin } from './warnings.ts'

/** The p-value that a verdict is drawn from, and how many comparisons it was adjusted for. */
interface Judged {
  readonly pValue: number | null
  readonly family: number
}

/**
 * The verdict on what was observed.
 *
 * `same` comes first: an interval inside the margin says that whatever difference there is does not matter, even when it
 * is not zero. That is two one-sided tests (D. J. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15,
 * 1987), made stricter by using the printed 1 - alpha interval. A large p-value alone never says `same`.
 */
export function conclude(
  observed: Observed,
  judged: Judged = { pValue: observed.pValue, family: 1 },
): Comparison {
  const { alpha, refused, unit, n, low, high } = observed
  const verdict = verdictOf(observed, judged.pValue)
  const pValue = observed.pValue ?? 1
  const adjusted = judged.pValue ?? 1
  const isLost = !refused && verdict === 'cannot tell' && pValue <= alpha && adjusted > alpha
  const unitsNeeded =
    verdict === 'cannot tell' ? neededUnits(observed, isLost ? alpha / judged.family : alpha) : null

  const warnings = [...observed.warnings]
  if (verdict === 'same' && pValue <= alpha) warnings.push(withinMargin())
  if (isLost) warnings.push(lostToFamily(pValue, adjusted, judged.family))
  const halfWidth = low === null || high === null ? null : (high - low) / 2
  if (verdict === 'cannot tell' && !refused) warnings.push(undecided(n, unit, halfWidth, unitsNeeded))
  return { ...observed, verdict, adjustedP: judged.pValue, unitsNeeded, warnings }
}

function verdictOf(observed: Observed, pValue: number | null): Verdict {
  const { low, high, alpha, refused } = observed
  if (refused || low === null || high === null || pValue === null) return 'cannot tell'
  if (isInside(observed)) return 'same'
  // The family's p-value and the comparison's own interval must both say so.
  if (pValue > alpha || (low <= 0 && high >= 0)) return 'cannot tell'
  return low > 0 ? 'slower' : 'faster'
}

function neededUnits(observed: Observed, alpha: number): number | null {
  const { n, difference, low, high, detectable, fewest, refused, alpha: intervalAlpha } = observed
  const question = { n, difference: difference ?? 0, alpha, intervalAlpha, deltaNs: marginNs(observed) }
  if (low === null || high === null) {
    // Too few for an interval: what their spread promises, but never fewer than a verdict takes.
    if (difference === null || detectable === null) return fewest
    const halfWidth = (detectable * normalUpperQuantile(intervalAlpha / 2)) / detectionZ(intervalAlpha)
    return Math.max(fewest, unitsToSettle({ ...question, halfWidth }) ?? fewest)
  }
  // Refused for another reason than their number: more of the same would not help.
  return refused ? null : unitsToSettle({ ...question, halfWidth: (high - low) / 2 })
}
