import { sampleStandardDeviation } from 'simple-statistics'
import { quantileWarnings, requireFinite } from './check-input.ts'
import { fewestPairs } from './fewest-units.ts'
import { oneSampleLocation } from './location.ts'
import { unitsOf, type Nested, type Unit } from './nested.ts'
import { roundLocation } from './round-location.ts'
import { autocorrelated, oneStart, tooFewUnits, type StatWarning } from './warnings.ts'

/** One number for a nested series, in the unit of its values (ns in hopmeter). */
export interface Estimate {
  /** Hodges-Lehmann estimate over observations; null without any. */
  readonly estimate: number | null
  /** Ends of the exact interval; null when there are too few observations for one. */
  readonly low: number | null
  readonly high: number | null
  /** What the interval achieves, at least what was asked for; null without an interval. */
  readonly confidence: number | null
  /** What the interval is over, and of how many. */
  readonly unit: Unit
  readonly n: number
  /** Standard deviation of what builds say: how far a rebuild moves the result. null for one build. */
  readonly betweenBuildSd: number | null
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
 * What one path's quantile is in a run. Requests are not the sample: they share the weather of their round, and rounds
 * that of their start. Observations are chosen as in `comparePairs`.
 * @throws RangeError when a value is not finite or the confidence is not between 0 and 1
 */
export function summarizeSeries(series: Nested, options: SummarizeOptions = {}): Estimate {
  requireFinite(series.flat(2))
  const { confidence: wanted = 0.95 } = options
  if (!(wanted > 0 && wanted < 1)) throw new RangeError(`confidence lies between 0 and 1, not ${wanted}`)
  const alpha = 1 - wanted
  const fewest = fewestPairs(alpha)
  const { unit, values, above } = unitsOf(series, fewest)
  const n = values.length
  const warnings: StatWarning[] = [...quantileWarnings(options)]
  if (n < fewest) warnings.push(tooFewUnits(n, unit, fewest))
  const common = { unit, n, betweenBuildSd: buildSd(series) }
  const none = { low: null, high: null, confidence: null }
  if (n === 0) return { ...common, ...none, estimate: null, warnings }

  const numbers = values.map(({ value }) => value)
  if (unit !== 'round') return { ...common, ...oneSampleLocation(numbers, alpha), warnings }
  const { estimate, low, high, confidence, correlation, effectiveN } = roundLocation(numbers, alpha)
  warnings.push(oneStart(above.length))
  if (n < fewest) return { ...common, ...none, estimate, warnings }
  if (effectiveN < n) warnings.push(autocorrelated(correlation, n, effectiveN))
  return { ...common, estimate, low, high, confidence, warnings }
}

/**
 * The same for latencies, which cannot be negative: with few or unlike rounds the interval of a location can reach
 * below zero, and nothing there is possible.
 */
export function summarizeLatency(series: Nested, options: SummarizeOptions = {}): Estimate {
  const estimate = summarizeSeries(series, options)
  return estimate.low === null ? estimate : { ...estimate, low: Math.max(0, estimate.low) }
}

function buildSd(series: Nested): number | null {
  const builds = unitsOf(series, 1)
  if (builds.unit !== 'build' || builds.values.length < 2) return null
  return sampleStandardDeviation(builds.values.map(({ value }) => value))
}
