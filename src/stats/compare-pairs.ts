import { mean, sampleStandardDeviation } from 'simple-statistics'
import { checkedOptions, quantileWarnings, requireFinite } from './check-input.ts'
import type { CompareOptions, Comparison, Observed, Verdict } from './comparison.ts'
import { conclude } from './conclude.ts'
import { fewestPairs } from './fewest-units.ts'
import { oneSampleLocation } from './location.ts'
import { isInside } from './margin.ts'
import { levelOf, mapNested, unitsOf, type Nested, type Units } from './nested.ts'
import { detectablePaired, robustSd } from './planning.ts'
import { roundLocation } from './round-location.ts'
import { asDifference, asFactor, contrast, type Interval } from './scale.ts'
import { studentQuantile } from './student-t.ts'
import { autocorrelated, groupsDisagree, oneStart, tied, tooFewUnits, type StatWarning } from './warnings.ts'

/** Two times of one round: what path A took and what path B took, in its own unit (ns in hopmeter). */
export type Pair = readonly [a: number, b: number]

/**
 * Does path B differ from path A, measured in the same rounds of one run? Per round one contrast (`scale`), per restart
 * the median of its rounds, per build the median of its restarts; the highest of these of which there are six is the
 * observation, and Wilcoxon's signed-rank test with the Hodges-Lehmann interval is made on those. Assumes that
 * the order of the two was shuffled inside each round. Under six observations there is no verdict.
 * @param pairs per build, restart and round
 * @throws RangeError when a value is not finite, a time has no ratio, or an option makes no sense
 */
export function comparePairs(pairs: Nested<Pair>, options: CompareOptions = {}): Comparison {
  const { alpha, margin, scale } = checkedOptions(options)
  requireFinite(pairs.flat(2).flat())
  const fewest = fewestPairs(alpha)
  const units = unitsOf(
    mapNested(pairs, ([a, b]) => contrast(a, b, scale)),
    fewest,
    options.finest,
  )
  const { unit, values } = units
  const contrasts = values.map(({ value }) => value)
  const n = contrasts.length
  const refusals = [...quantileWarnings(options)]
  if (n < fewest) refusals.push(tooFewUnits(n, unit, fewest))
  const common = { scale, unit, n, fewest, alpha, margin, contrasts: values } as const
  if (n === 0) return conclude({ ...common, ...nothing, refused: true, warnings: refusals })

  const level = levelOf(mapNested(pairs, ([a]) => a))
  const { correlation, effectiveN, pValue, confidence, ...interval } = locate(units, alpha)
  const shown: Interval = n < fewest ? { estimate: interval.estimate, low: null, high: null } : interval
  const { estimate: difference, low, high } = asDifference(shown, scale, level)
  const sd = robustSd(contrasts) * Math.sqrt(n / effectiveN)
  const detectable = n < 2 ? null : asDifference(point(detectablePaired(sd, n, alpha)), scale, level).estimate
  const observed: Observed = {
    ...common,
    levelNs: level,
    ratio: asFactor(shown, scale, level),
    difference,
    low,
    high,
    confidence: n < fewest ? null : confidence,
    pValue: refusals.length > 0 ? null : pValue,
    detectable,
    refused: refusals.length > 0,
    warnings: [...refusals, ...scopeWarnings(units), ...roundWarnings(units, correlation, effectiveN)],
  }
  const comparison = conclude(observed)
  if (agree(units.above, comparison)) return comparison
  const warnings = [...observed.warnings, groupsDisagree(unit === 'round' ? 'restart' : 'build')]
  return conclude({ ...observed, refused: true, warnings })
}

const nothing = {
  levelNs: null,
  ratio: null,
  difference: null,
  low: null,
  high: null,
  confidence: null,
  pValue: null,
  detectable: null,
} as const

function point(estimate: number): Interval {
  return { estimate, low: null, high: null }
}

/** Starts in shuffled order are independent by construction; rounds of one start may resemble their neighbours. */
function locate({ unit, values }: Units, alpha: number) {
  const contrasts = values.map(({ value }) => value)
  if (unit === 'round') return roundLocation(contrasts, alpha)
  return { ...oneSampleLocation(contrasts, alpha), correlation: 0, effectiveN: contrasts.length }
}

function scopeWarnings({ unit, above }: Units): readonly StatWarning[] {
  return unit === 'round' ? [oneStart(above.length)] : []
}

function roundWarnings({ unit, values }: Units, correlation: number, effectiveN: number): StatWarning[] {
  if (unit !== 'round') return []
  const n = values.length
  const zeros = values.filter(({ value }) => value === 0).length
  return [
    ...(effectiveN < n ? [autocorrelated(correlation, n, effectiveN)] : []),
    ...(n > 0 && 2 * zeros >= n ? [tied(zeros, n)] : []),
  ]
}

/**
 * Whether the few groups above the observations, taken as a sample of such groups, say the same: Student's interval of
 * their medians. It is wide for two, as it should be; large differences pass all the same.
 */
function agree(above: readonly number[], { verdict, alpha, ...comparison }: Comparison): boolean {
  if (above.length < 2 || verdict === 'cannot tell') return true
  const centre = mean([...above])
  const halfWidth =
    (studentQuantile(alpha, above.length - 1) * sampleStandardDeviation([...above])) / Math.sqrt(above.length)
  const interval = { estimate: centre, low: centre - halfWidth, high: centre + halfWidth }
  const level = comparison.levelNs ?? 0
  const { low, high } = asDifference(interval, comparison.scale, level)
  const says: Record<Exclude<Verdict, 'cannot tell'>, () => boolean> = {
    slower: () => (low ?? 0) > 0,
    faster: () => (high ?? 0) < 0,
    same: () => isInside({ ...comparison, low, high, ratio: asFactor(interval, comparison.scale, level) }),
  }
  return says[verdict]()
}
