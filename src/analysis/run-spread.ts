import { median } from 'simple-statistics'
import type { RunResult } from '../results/schema.ts'
import { startsPerRestart } from '../results/variants.ts'
import type { Comparison } from '../stats/comparison.ts'
import {
  cheapestDesign,
  varianceComponents,
  type Costs,
  type Design,
  type VarianceComponents,
} from '../stats/design.ts'
import { marginNs } from '../stats/margin.ts'
import { mapNested } from '../stats/nested.ts'
import { seriesPairs, type MeasuredRound } from './round-values.ts'
import { contrast } from '../stats/scale.ts'

/** Where the spread of a step comes from. Standard deviations at the run's level, ns. */
export interface Spread {
  readonly roundNs: number
  /** Beyond what rounds explain; null for one restart. */
  readonly restartNs: number | null
  /** Beyond what restarts explain; null for one build. */
  readonly buildNs: number | null
  /** The cheapest run that would decide a "cannot tell"; null when it is decided, or nothing practical would. */
  readonly wouldDecide: Design | null
}

/** The spread of a step at p50. null without rounds that hold both paths. */
export function spreadOf(
  rounds: readonly MeasuredRound[],
  { from, to, load }: { readonly from: string; readonly to: string; readonly load: string },
  comparison: Comparison,
  costs: Costs | null,
): Spread | null {
  const { levelNs, scale } = comparison
  if (levelNs === null) return null
  const series = (path: string) => ({ path, load, quantile: 'p50' }) as const
  const pairs = seriesPairs(rounds, series(from), series(to))
  const components = varianceComponents(mapNested(pairs, ([a, b]) => contrast(a, b, scale)))
  const unitNs = scale === 'ratio' ? levelNs : 1
  const sdNs = (variance: number | null) => (variance === null ? null : Math.sqrt(variance) * unitNs)
  return {
    roundNs: sdNs(components.round) ?? 0,
    restartNs: sdNs(components.restart),
    buildNs: sdNs(components.build),
    wouldDecide: decidingDesign(components, comparison, costs, unitNs),
  }
}

function decidingDesign(
  components: VarianceComponents,
  comparison: Comparison,
  costs: Costs | null,
  unitNs: number,
): Design | null {
  const { verdict, difference, alpha } = comparison
  if (verdict !== 'cannot tell' || costs === null || difference === null) return null
  const size = Math.abs(difference)
  const target = Math.max(size, (marginNs(comparison) ?? 0) - size)
  return cheapestDesign(components, costs, target / unitNs, alpha) ?? null
}

/** The design that reads every step of a load to a half-width, from a run's own spread; undefined when none would. */
export function designFor(
  steps: readonly { readonly spread: Spread | null; readonly comparison: Comparison }[],
  costs: Costs,
  halfWidthNs: number,
): Design | undefined {
  const variances = steps.flatMap(({ spread }) => (spread === null ? [] : [spread]))
  const worst = (of: (spread: Spread) => number | null) =>
    Math.max(0, ...variances.map((spread) => of(spread) ?? 0))
  const components = {
    round: worst((s) => s.roundNs) ** 2,
    restart: worst((s) => s.restartNs) ** 2,
    build: null,
  }
  return cheapestDesign(components, costs, halfWidthNs, steps[0]?.comparison.alpha ?? 0.05)
}

/**
 * What a round, a restart and a build of a run took, of all variants where each has its own. null for runs that do not
 * tell (result format 1).
 */
export function costsOf(result: RunResult): Costs | null {
  const { restarts, builds, measured } = result
  const starts = startsPerRestart(result)
  if (restarts.length === 0 || measured.length === 0) return null
  const later = restarts.filter(({ restart }) => restart > 1)
  const chosen = later.length > 0 ? later : restarts
  return {
    roundMs: starts * median(measured.map(({ durationMs }) => durationMs)),
    restartMs: starts * median(chosen.map(({ startMs, warmupMs }) => startMs + warmupMs)),
    buildMs: builds.length === 0 ? 0 : median(builds.map(({ upMs }) => upMs)),
  }
}
