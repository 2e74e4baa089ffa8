import { median, sampleVariance } from 'simple-statistics'
import { fewestPairs } from './fewest-units.ts'
import { unitsOf, type Nested } from './nested.ts'
import { detectionZ, robustSd } from './planning.ts'

/** Where the spread of a contrast comes from: variances of what each level adds, in squares of the contrast's unit. */
export interface VarianceComponents {
  /** Of rounds within a restart. */
  readonly round: number
  /** Of restarts within a build, beyond what their rounds explain; null for a single restart. */
  readonly restart: number | null
  /** Of builds, beyond what their restarts explain; null for a single build. */
  readonly build: number | null
}

/** What one more of each takes, ms. */
export interface Costs {
  readonly roundMs: number
  /** Stopping, starting, proving and warming up. */
  readonly restartMs: number
  readonly buildMs: number
}

/** A run of one build. */
export interface Design {
  readonly restarts: number
  /** Of each restart. */
  readonly rounds: number
  readonly totalMs: number
}

/** The variance of a median over that of a mean, for normal noise: pi / 2. */
const medianCost = Math.PI / 2
/** The same for the Hodges-Lehmann estimate over restarts: pi / 3. */
const rankCost = Math.PI / 3
/** More rounds of one start than this only repeat it. */
const mostRounds = 12
const mostRestarts = 1000

/**
 * Variances by level, from the differences between medians: what restarts vary by, less what their rounds make their
 * medians vary by, and so on (the nested model of T. Kalibera and R. Jones, Rigorous Benchmarking in Reasonable Time,
 * ISMM 2013, section 8, with medians and median absolute deviations in place of means and variances).
 */
export function varianceComponents(contrasts: Nested): VarianceComponents {
  const restarts = contrasts.flat().filter((rounds) => rounds.length > 0)
  const several = restarts.filter((rounds) => rounds.length > 1)
  const round = several.length === 0 ? 0 : median(several.map(varianceOf))
  const perRestart = median([...restarts.map((rounds) => rounds.length), 1].slice(0, restarts.length || 1))
  const builds = contrasts
    .map((build) => unitsOf([build], Number.POSITIVE_INFINITY))
    .filter(({ above }) => above.length > 0)
  const spreads = builds.filter(({ above }) => above.length > 1).map(({ above }) => robustSd(above) ** 2)
  const amongRestarts = spreads.length === 0 ? null : median(spreads)
  const ofRounds = (medianCost * round) / Math.max(1, perRestart)
  const restart = amongRestarts === null ? null : Math.max(0, amongRestarts - ofRounds)
  const medians = builds.map(({ above }) => median([...above]))
  const perBuild = Math.max(1, median(builds.length === 0 ? [1] : builds.map(({ above }) => above.length)))
  const build =
    medians.length < 2
      ? null
      : Math.max(0, robustSd(medians) ** 2 - (medianCost * (amongRestarts ?? ofRounds)) / perBuild)
  return { round, restart, build }
}

/** Of a few rounds, so that the median over restarts is right: half of such variances lie further below the truth. */
function varianceOf(rounds: readonly number[]): number {
  return sampleVariance([...rounds]) / chiSquareMedian(rounds.length - 1)
}

/** The median of a chi-square variable over its mean. E. B. Wilson and M. M. Hilferty, PNAS 17 (1931). */
function chiSquareMedian(freedom: number): number {
  return (1 - 2 / (9 * freedom)) ** 3
}

/**
 * The cheapest run of one build whose interval over restarts has the half-width asked for, in four of five cases: for
 * each number of rounds, as many restarts as their variance takes, and of these designs the one that takes least time.
 * That is Kalibera and Jones' optimum, found by trying instead of by their formula, because restarts come in whole
 * numbers and no fewer than a verdict takes.
 * @param halfWidth in the unit of the contrasts
 * @returns undefined when no practical number would do
 */
export function cheapestDesign(
  { round, restart }: VarianceComponents,
  { roundMs, restartMs, buildMs }: Costs,
  halfWidth: number,
  alpha: number,
): Design | undefined {
  const designs = Array.from({ length: mostRounds - 1 }, (_, i) => i + 2).flatMap((rounds): Design[] => {
    const variance = rankCost * ((restart ?? 0) + (medianCost * round) / rounds)
    const restarts = restartsFor(variance, halfWidth, alpha)
    if (restarts === undefined) return []
    return [{ restarts, rounds, totalMs: buildMs + restarts * (restartMs + rounds * roundMs) }]
  })
  return designs.toSorted((a, b) => a.totalMs - b.totalMs)[0]
}

/** The smallest number n of restarts with z sqrt(variance / n) (1 + 3 / n) at or under the half-width. */
function restartsFor(variance: number, halfWidth: number, alpha: number): number | undefined {
  const z = detectionZ(alpha)
  for (let n = fewestPairs(alpha); n <= mostRestarts; n++) {
    if (z * Math.sqrt(variance / n) * (1 + 3 / n) <= halfWidth) return n
  }
  return undefined
}
