import { mean, sampleStandardDeviation } from 'simple-statistics'
import { checkedOptions, pairedDifferences, quantileWarnings } from './check-input.ts'
import { observePaired } from './compare-paired.ts'
import type { CompareOptions, Comparison, Observed } from './comparison.ts'
import { conclude } from './conclude.ts'
import { fewestPairs } from './fewest-units.ts'
import { hodgesLehmann, oneSampleLocation } from './location.ts'
import { detectablePaired, robustSd } from './planning.ts'
import { studentQuantile } from './student-t.ts'
import { buildsDisagree, fewBuilds } from './warnings.ts'

/**
 * `comparePaired` for a run with several builds. From six builds on (at alpha 0.05) each build gives one difference
 * and builds are the observations, so the verdict holds for a rebuild too. With fewer, rounds are, the verdict holds
 * for these builds, and it is withheld when they differ too much among themselves to agree on it.
 * @param aByBuild one value per round, in time order, per build, ns
 * @param bByBuild the same builds and rounds
 * @throws RangeError as `comparePaired`, and when the builds do not pair up
 */
export function comparePairedNested(
  aByBuild: readonly (readonly number[])[],
  bByBuild: readonly (readonly number[])[],
  options: CompareOptions = {},
): Comparison {
  if (aByBuild.length !== bByBuild.length) {
    throw new RangeError(`builds must pair up: ${aByBuild.length} of A, ${bByBuild.length} of B`)
  }
  const { alpha } = checkedOptions(options)
  const byBuild = aByBuild
    .map((a, build) => pairedDifferences(a, bByBuild[build] ?? []))
    .filter((differences) => differences.length > 0)
  const contrasts = byBuild.map(hodgesLehmann)
  if (contrasts.length >= fewestPairs(alpha)) return conclude(observeBuilds(contrasts, options))

  const overRounds = observePaired(byBuild.flat(), options)
  if (contrasts.length === 0) return conclude(overRounds)
  const observed = { ...overRounds, warnings: [...overRounds.warnings, fewBuilds(contrasts.length)] }
  const comparison = conclude(observed)
  if (buildsAgree(contrasts, comparison)) return comparison
  const warnings = [...observed.warnings, buildsDisagree(contrasts)]
  return conclude({ ...observed, refused: true, warnings })
}

/** One within-run difference per build. Builds start afresh, so their order carries nothing. */
function observeBuilds(contrasts: readonly number[], options: CompareOptions): Observed {
  const { alpha, deltaNs } = checkedOptions(options)
  const warnings = quantileWarnings(options)
  const { estimate, pValue, ...interval } = oneSampleLocation(contrasts, alpha)
  const refused = warnings.length > 0
  return {
    ...interval,
    difference: estimate,
    pValue: refused ? null : pValue,
    unit: 'build',
    n: contrasts.length,
    fewest: fewestPairs(alpha),
    alpha,
    deltaNs,
    detectable: detectablePaired(robustSd(contrasts), contrasts.length, alpha),
    refused,
    warnings,
  }
}

/**
 * Whether a few builds, taken as a sample of builds, say the same: Student's interval of their differences. It is wide
 * for two builds, as it should be; large differences pass all the same.
 */
function buildsAgree(contrasts: readonly number[], { verdict, alpha, deltaNs }: Comparison): boolean {
  if (contrasts.length < 2 || verdict === 'cannot tell') return true
  const centre = mean([...contrasts])
  const standardError = sampleStandardDeviation([...contrasts]) / Math.sqrt(contrasts.length)
  const halfWidth = studentQuantile(alpha, contrasts.length - 1) * standardError
  if (verdict === 'same') return deltaNs !== null && Math.abs(centre) + halfWidth < deltaNs
  return verdict === 'slower' ? centre > halfWidth : centre < -halfWidth
}
