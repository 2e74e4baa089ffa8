import type { RunResult } from '../results/schema.ts'
import { comparePairs } from '../stats/compare-pairs.ts'
import type { CompareOptions, Comparison } from '../stats/comparison.ts'
import { decideFamily } from '../stats/decide-family.ts'
import { countOf, metricsOf } from './metrics.ts'
import { type Metric } from '../load/metric.ts'
import {
  seriesPairs,
  seriesValues,
  halfPairs,
  valueOf,
  type MeasuredRound,
  type Series,
} from './round-values.ts'
import type { Scale } from '../stats/scale.ts'
import { summarizeLatency, type Estimate } from '../stats/summarize-series.ts'
import { summaryQuantiles, type SummaryQuantile } from './summary-quantiles.ts'

/** A quantile of each kind; null where no round has the metric. */
export type QuantileEstimates = Readonly<Record<SummaryQuantile, Estimate>>

/** One metric of one path under one load; times in ns. */
export interface PathMetric {
  readonly path: string
  /** Latencies behind it, all rounds. */
  readonly count: number
  readonly quantiles: QuantileEstimates
  /** The same over rounds without flags; null when no round has one. */
  readonly valid: QuantileEstimates | null
  /** What two random halves of its requests differ by at p50; null where they were not told apart. */
  readonly floor: NoiseFloor | null
}

/** What a path differs from itself by: one random half of its requests against the other. Times in ns. */
export interface NoiseFloor {
  /** The further end of the interval, or the difference where there is none: smaller steps are not clear of it. */
  readonly ns: number
  readonly comparison: Comparison
}

/** What going from one path to the next costs, paired by round. */
export interface MetricStep {
  readonly from: string
  readonly to: string
  readonly quantile: SummaryQuantile
  readonly comparison: Comparison
}

/** One metric under one load: every path, and what each step adds. */
export interface MetricSummary extends Metric {
  readonly load: string
  readonly paths: readonly PathMetric[]
  /** Steps of one quantile are judged as one family. */
  readonly steps: readonly MetricStep[]
}

export interface Ladder {
  /** Names of paths in hop order. */
  readonly paths: readonly string[]
  readonly steps: readonly LadderStep[]
}

export interface LadderStep {
  readonly from: string
  readonly to: string
  readonly scale: Scale
}

/** All metrics of a load that any round has. Pure; pairs values by round. */
export function summarizeMetrics(
  rounds: readonly MeasuredRound[],
  load: RunResult['loads'][number],
  ladder: Ladder,
  margin: Pick<CompareOptions, 'deltaNs' | 'deltaShare'>,
): readonly MetricSummary[] {
  const has = ({ series }: Metric) =>
    rounds.some((round) =>
      ladder.paths.some(
        (path) => valueOf(round, { path, load: load.id, quantile: 'p50', metric: series }) !== null,
      ),
    )
  return metricsOf(load.profile)
    .filter((metric) => metric.series === 'warm' || has(metric))
    .map((metric) => {
      const about = { load: load.id, metric, margin }
      const step = (quantile: SummaryQuantile) => (pair: LadderStep) =>
        compareStep(rounds, pair, quantile, about)
      const quantiles = stepQuantiles(metric)
      return {
        ...metric,
        load: load.id,
        paths: ladder.paths.map((path) => summarizePath(rounds, load.id, metric, path)),
        steps: quantiles.flatMap((quantile) => decided(ladder.steps.map(step(quantile)))),
      }
    })
}

/** Users of a constant rate ask for its tail. */
function stepQuantiles({ series }: Metric): readonly SummaryQuantile[] {
  return series === 'response' ? ['p50', 'p99'] : ['p50']
}

function decided(steps: readonly MetricStep[]): readonly MetricStep[] {
  const judged = decideFamily(steps.map(({ comparison }) => comparison))
  return steps.map((step, i) => ({ ...step, comparison: judged[i] ?? step.comparison }))
}

function summarizePath(
  rounds: readonly MeasuredRound[],
  load: string,
  metric: Metric,
  path: string,
): PathMetric {
  const valid = rounds.filter((round) => round.flags.length === 0)
  const estimates = (chosen: readonly MeasuredRound[]): QuantileEstimates => {
    const estimate = (quantile: SummaryQuantile) =>
      summarizeLatency(seriesValues(chosen, { path, load, quantile, metric: metric.series }), {
        ...support(chosen, metric, [path], load, quantile),
      })
    return { p50: estimate('p50'), p90: estimate('p90'), p99: estimate('p99') }
  }
  return {
    path,
    count: counts(rounds, metric, [path], load).reduce((sum, n) => sum + n, 0),
    quantiles: estimates(rounds),
    valid: valid.length === 0 ? null : estimates(valid),
    floor: metric.series === 'warm' ? floorOf(rounds, path, load) : null,
  }
}

function floorOf(rounds: readonly MeasuredRound[], path: string, load: string): NoiseFloor | null {
  const comparison = comparePairs(halfPairs(rounds, { path, load, quantile: 'p50' }))
  const { difference, low, high } = comparison
  if (difference === null) return null
  return { ns: Math.max(...[difference, low ?? 0, high ?? 0].map(Math.abs)), comparison }
}

/** `to` against `from`, paired by round. Rounds that lack either are left out. */
function compareStep(
  rounds: readonly MeasuredRound[],
  { from, to, scale }: LadderStep,
  quantile: SummaryQuantile,
  about: {
    readonly load: string
    readonly metric: Metric
    readonly margin: Pick<CompareOptions, 'deltaNs' | 'deltaShare'>
  },
): MetricStep {
  const { load, metric, margin } = about
  const series = (path: string): Series => ({ path, load, quantile, metric: metric.series })
  const both = rounds.filter((round) => [from, to].every((path) => valueOf(round, series(path)) !== null))
  const comparison = comparePairs(seriesPairs(rounds, series(from), series(to)), {
    ...margin,
    scale,
    ...(quantile === 'p50' ? {} : support(both, metric, [from, to], load, quantile)),
  })
  return { from, to, quantile, comparison }
}

/** Whether the latencies of a round carry the quantile. A median of first requests is one of few by its nature. */
function support(
  rounds: readonly MeasuredRound[],
  metric: Metric,
  paths: readonly string[],
  load: string,
  quantile: SummaryQuantile,
): { readonly quantile?: number; readonly requestsPerRound?: readonly number[] } {
  if (metric.series === 'cold' && quantile === 'p50') return {}
  return { quantile: summaryQuantiles[quantile], requestsPerRound: counts(rounds, metric, paths, load) }
}

/** Latencies per round and path; rounds without any do not count. */
export function counts(
  rounds: readonly MeasuredRound[],
  metric: Pick<Metric, 'series'>,
  paths: readonly string[],
  load: string,
): number[] {
  return rounds.flatMap((round) =>
    round.paths.filter((p) => paths.includes(p.path) && p.load === load).map((p) => countOf(metric, p)),
  )
}
