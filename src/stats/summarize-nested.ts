import { sampleStandardDeviation } from 'simple-statistics'
import { quantileWarnings, requireFinite } from './check-input.ts'
import { fewestPairs } from './fewest-units.ts'
import { hodgesLehmann, oneSampleLocation } from './location.ts'
import { alphaOf, summarizeRounds, type Estimate, type SummarizeOptions } from './summarize-rounds.ts'
import { fewBuilds, type Unit } from './warnings.ts'

export interface NestedEstimate extends Estimate {
  /** What the interval is over. With six builds or more it includes what a rebuild changes. */
  readonly unit: Unit
  /** Estimate and number of rounds of each build that has any. */
  readonly builds: readonly { readonly estimate: number; readonly rounds: number }[]
  /** Standard deviation of the builds' estimates: how far a rebuild moves the result. null for one build. */
  readonly betweenBuildSd: number | null
}

/**
 * A run with several builds: rounds nest in builds, and a rebuild moves results more than a round does. From six
 * builds on (at 95 %) the build is the observation; below, rounds are, and a warning says what the interval leaves out.
 * @param byBuild one value per round, in time order, per build
 * @throws RangeError as `summarizeRounds`
 */
export function summarizeNested(
  byBuild: readonly (readonly number[])[],
  options: SummarizeOptions = {},
): NestedEstimate {
  const filled = byBuild.filter((rounds) => rounds.length > 0)
  for (const rounds of filled) requireFinite(rounds)
  const builds = filled.map((rounds) => ({ estimate: hodgesLehmann(rounds), rounds: rounds.length }))
  const estimates = builds.map((build) => build.estimate)
  const betweenBuildSd = builds.length < 2 ? null : sampleStandardDeviation(estimates)

  const alpha = alphaOf(options)
  if (builds.length < fewestPairs(alpha)) {
    const overRounds = summarizeRounds(filled.flat(), options)
    const warnings =
      builds.length === 0 ? overRounds.warnings : [...overRounds.warnings, fewBuilds(builds.length)]
    return { ...overRounds, warnings, unit: 'round', builds, betweenBuildSd }
  }
  const { estimate, low, high, confidence } = oneSampleLocation(estimates, alpha)
  const warnings = quantileWarnings(options)
  return {
    estimate,
    low,
    high,
    confidence,
    n: builds.length,
    warnings,
    unit: 'build',
    builds,
    betweenBuildSd,
  }
}

/**
 * The same for latencies, which cannot be negative: with few or unlike rounds the interval of a location can reach
 * below zero, and nothing there is possible.
 */
export function summarizeLatency(
  byBuild: readonly (readonly number[])[],
  options: SummarizeOptions = {},
): NestedEstimate {
  const estimate = summarizeNested(byBuild, options)
  return estimate.low === null ? estimate : { ...estimate, low: Math.max(0, estimate.low) }
}
