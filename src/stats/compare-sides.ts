import { checkedOptions, quantileWarnings, requireFinite } from './check-input.ts'
import type { CompareOptions, Comparison } from './comparison.ts'
import { conclude } from './conclude.ts'
import { fewestPerSide } from './fewest-units.ts'
import { twoSampleShift } from './location.ts'
import { levelOf, mapNested, unitsOf, type Nested } from './nested.ts'
import { permutationTest } from './permutation.ts'
import { detectableShift, robustSd } from './planning.ts'
import { asDifference, asFactor, type Interval } from './scale.ts'
import { outlyingUnits, tooFewPerSide } from './warnings.ts'

/**
 * Do two sets of separate runs differ, e.g. two Istio versions? Observations are builds where both sides have five of
 * them, else restarts, which then say nothing about other builds. The exact permutation distribution of their rank sum
 * decides. Assumes that both sides alternated in time: a host that drifts between all of A and all of B cannot be told
 * from a difference. Give ratios within a round (5 components over 4) where there are any; the host cancels in them.
 * Under five a side there is no verdict.
 * @param levelNs what one of A is in ns, so that a change of ratios can be said in ns; the level of A unless given
 * @throws RangeError when a value is not finite, is not above zero, or an option makes no sense
 */
export function compareSides(
  a: Nested,
  b: Nested,
  options: CompareOptions & { readonly levelNs?: number | undefined } = {},
): Comparison {
  const { alpha, margin, scale } = checkedOptions(options)
  requireFinite([...a.flat(2), ...b.flat(2)])
  const fewest = fewestPerSide(alpha)
  const scaled = (side: Nested) => mapNested(side, (value) => (scale === 'ratio' ? logOf(value) : value))
  const hasBuilds = [a, b].every((side) => unitsOf(side, fewest).unit === 'build')
  const enough = hasBuilds ? fewest : Number.POSITIVE_INFINITY
  const sides = [a, b].map((side) => restartsOrBuilds(scaled(side), enough))
  const [left = [], right = []] = sides
  const unit = hasBuilds ? ('build' as const) : ('restart' as const)
  const n = Math.min(left.length, right.length)
  const warnings = [...quantileWarnings(options)]
  if (n < fewest) warnings.push(tooFewPerSide(left.length, right.length, unit, fewest))
  const refused = warnings.length > 0
  const level = options.levelNs ?? levelOf(a)
  const common = { scale, unit, n, fewest, alpha, margin, refused, contrasts: [] } as const
  const none = { low: null, high: null, confidence: null, pValue: null }
  if (n === 0) {
    const empty = { levelNs: null, ratio: null, difference: null, detectable: null }
    return conclude({ ...common, ...none, ...empty, warnings })
  }
  const { estimate, low, high, confidence, pValue } = twoSampleShift(left, right, alpha)
  const interval: Interval = n < fewest ? { estimate, low: null, high: null } : { estimate, low, high }
  const [one, other] = [left, right].map((side) => ({ sd: robustSd(side), n: side.length })) as [
    { sd: number; n: number },
    { sd: number; n: number },
  ]
  const shift = detectableShift(one, other, alpha)
  const detectable =
    n < 2 ? null : asDifference({ estimate: shift, low: null, high: null }, scale, level).estimate
  const inNs = asDifference(interval, scale, level)
  const shown = {
    ...common,
    levelNs: level,
    ratio: asFactor(interval, scale, level),
    difference: inNs.estimate,
    low: inNs.low,
    high: inNs.high,
    detectable,
  }
  if (n < fewest) return conclude({ ...shown, confidence: null, pValue: null, warnings })
  const meanP = permutationTest(left, right)
  // Ranks and means often straddle alpha by a little; that is no finding.
  if (Math.min(pValue, meanP) <= alpha && Math.max(pValue, meanP) > 2 * alpha) {
    warnings.push(outlyingUnits(pValue, meanP, unit))
  }
  return conclude({ ...shown, confidence, pValue: refused ? null : pValue, warnings })
}

/** Medians of builds when there are enough, else of restarts: rounds of one start are no sample of starts. */
function restartsOrBuilds(side: Nested, fewestBuilds: number): number[] {
  const isBuilds = side.filter((build) => build.some((rounds) => rounds.length > 0)).length >= fewestBuilds
  // A restart as a build of its own: then each is an observation.
  const units = isBuilds ? side : side.flat().map((restart) => [restart])
  return unitsOf(units, 1).values.map(({ value }) => value)
}

function logOf(value: number): number {
  if (!(value > 0)) throw new RangeError(`only times above zero have a ratio, not ${value}`)
  return Math.log(value)
}
