import { checkedOptions, quantileWarnings, requireFinite } from './check-input.ts'
import type { CompareOptions, Comparison } from './comparison.ts'
import { conclude } from './conclude.ts'
import { fewestPerSide } from './fewest-units.ts'
import { hodgesLehmann, twoSampleShift } from './location.ts'
import { permutationTest } from './permutation.ts'
import { detectableShift, robustSd } from './planning.ts'
import { outlyingBuilds, tooFewBuildsPerSide } from './warnings.ts'

/**
 * Do two sets of separate runs differ, e.g. two Istio versions? What a rebuild changes is common to all its rounds, so
 * each build counts once, with its Hodges-Lehmann estimate over rounds, and the exact permutation distribution of the
 * rank sum of builds decides. Assumes that builds of both sides alternated in time: a host that drifts between all of
 * A and all of B cannot be told from a difference. Give contrasts within a run (5 hops minus 4) where there are any;
 * the host cancels in them. Under five builds a side there is no verdict.
 * @param aByBuild per build one value per round, ns; builds without rounds are left out
 * @param bByBuild the same for the other side
 * @throws RangeError when a value is not finite or an option makes no sense
 */
export function compareBuilds(
  aByBuild: readonly (readonly number[])[],
  bByBuild: readonly (readonly number[])[],
  options: CompareOptions = {},
): Comparison {
  const { alpha, deltaNs } = checkedOptions(options)
  const a = buildEstimates(aByBuild)
  const b = buildEstimates(bByBuild)
  const n = Math.min(a.length, b.length)
  const fewest = fewestPerSide(alpha)
  const warnings = [...quantileWarnings(options)]
  if (n < fewest) warnings.push(tooFewBuildsPerSide(a.length, b.length, fewest))
  const refused = warnings.length > 0
  const common = { unit: 'build', n, fewest, alpha, deltaNs, refused } as const
  const none = { low: null, high: null, confidence: null, pValue: null }
  if (n === 0) return conclude({ ...common, ...none, difference: null, detectable: null, warnings })

  const shift = twoSampleShift(a, b, alpha)
  const sides = [a, b].map((side) => ({ sd: robustSd(side), n: side.length }))
  const [sideA, sideB] = sides
  const detectable = n < 2 || !sideA || !sideB ? null : detectableShift(sideA, sideB, alpha)
  const difference = shift.estimate
  if (n < fewest) return conclude({ ...common, ...none, difference, detectable, warnings })

  const { low, high, confidence, pValue } = shift
  const meanP = permutationTest(a, b)
  // Ranks and means often straddle alpha by a little; that is no finding.
  if (Math.min(pValue, meanP) <= alpha && Math.max(pValue, meanP) > 2 * alpha) {
    warnings.push(outlyingBuilds(pValue, meanP))
  }
  return conclude({
    ...common,
    difference,
    low,
    high,
    confidence,
    pValue: refused ? null : pValue,
    detectable,
    warnings,
  })
}

function buildEstimates(byBuild: readonly (readonly number[])[]): number[] {
  const filled = byBuild.filter((rounds) => rounds.length > 0)
  for (const rounds of filled) requireFinite(rounds)
  return filled.map(hodgesLehmann)
}
