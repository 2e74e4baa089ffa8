import type { RunResult } from '../results/schema.ts'
import type { Comparison } from '../stats/comparison.ts'
import { decideFamily } from '../stats/decide-family.ts'
import type { ErrorShares, withErrorShares } from './error-share.ts'
import { chosenMetrics, headlineOf } from './metrics.ts'
import { seriesValues, type Series } from './round-values.ts'
import { counts } from './summarize-metrics.ts'
import { summaryQuantileNames, summaryQuantiles, type SummaryQuantile } from './summary-quantiles.ts'
import { summarizeLatency, type Estimate } from '../stats/summarize-series.ts'

/** One line of a comparison: a path, a load, a metric, a quantile. Times in ns. */
export interface ComparisonRow {
  readonly path: string
  readonly load: string
  /** Which time of the load, e.g. `latency` or `first-byte`. */
  readonly metric: string
  /** Whether the load is for this metric above all others. */
  readonly isHeadline: boolean
  readonly quantile: SummaryQuantile
  /** null: the values themselves; else the path by which they were divided in each round before comparing. */
  readonly relativeTo: string | null
  readonly baseline: Estimate
  readonly contender: Estimate
  readonly comparison: Comparison
}

export interface CompareRunsOptions {
  readonly deltaNs?: number | undefined
  readonly deltaShare?: number | undefined
  /** Count only rounds without flags. */
  readonly validOnly?: boolean | undefined
  /** Names of metrics; the defaults of each load's profile unless given. */
  readonly metrics?: readonly string[] | undefined
}

/** Both sides as the warnings about failed requests name them. */
export function sidesOf({ baseline, contender }: ErrorShares): Parameters<typeof withErrorShares>[1] {
  return [
    { name: 'baseline', outcomes: baseline },
    { name: 'contender', outcomes: contender },
  ]
}

/** Each path and load of the rows once. */
export function pathLoads<T extends { readonly path: string; readonly load: string }>(
  rows: readonly T[],
): T[] {
  return rows.filter((row, i) => rows.findIndex((r) => r.path === row.path && r.load === row.load) === i)
}

export function labelsOf({ path, load, name, isHeadline, quantile }: SummarySeries) {
  return { path, load, metric: name, isHeadline, quantile }
}

/** A series with what a row of a comparison says of it. */
export interface SummarySeries extends Series {
  readonly quantile: SummaryQuantile
  /** What users call the metric. */
  readonly name: string
  readonly isHeadline: boolean
}

/** Every chosen metric and quantile of these paths, load by load. */
export function seriesOf(
  run: RunResult,
  paths: readonly string[],
  { metrics }: CompareRunsOptions,
): SummarySeries[] {
  return run.loads.flatMap((load) =>
    chosenMetrics(load.profile, metrics).flatMap(({ name, series }) =>
      paths.flatMap((path) =>
        summaryQuantileNames
          // First requests are too few for a tail.
          .filter((quantile) => series !== 'cold' || quantile === 'p50')
          .map((quantile) => {
            const isHeadline = name === headlineOf(load.profile).name
            return { path, load: load.id, quantile, metric: series, name, isHeadline }
          }),
      ),
    ),
  )
}

/** The rounds that are to count. */
export function roundsOf(run: RunResult, { validOnly }: CompareRunsOptions): RunResult['measured'] {
  return validOnly ? run.measured.filter((round) => round.flags.length === 0) : run.measured
}

/** The level of a series over all rounds that count. */
export function estimate(
  runs: readonly RunResult[],
  series: SummarySeries,
  options: CompareRunsOptions,
): Estimate {
  const values = runs.flatMap((run) => seriesValues(roundsOf(run, options), series))
  return summarizeLatency(values, support(runs, series, options))
}

/**
 * Whether the latencies of a round carry the quantile, of the path and of those `beside` it. A median of first requests is one of few by its nature.
 */
export function support(
  runs: readonly RunResult[],
  { path, load, metric = 'warm', quantile }: SummarySeries,
  options: CompareRunsOptions,
  beside: readonly string[] = [],
): { readonly quantile?: number; readonly requestsPerRound?: readonly number[] } {
  if (metric === 'cold') return {}
  const rounds = runs.flatMap((run) => roundsOf(run, options))
  return {
    quantile: summaryQuantiles[quantile],
    requestsPerRound: counts(rounds, { series: metric }, [path, ...beside], load),
  }
}

/**
 * The paths of one load, metric and quantile are one family: the more is looked at, the likelier something shows by chance.
 * Not the whole table: five a side have no p-value under 0.008, and fifteen rows at once would leave no verdict that
 * they could ever reach.
 */
export function decided<
  T extends Pick<ComparisonRow, 'load' | 'metric' | 'quantile'> & { readonly comparison: Comparison },
>(rows: readonly T[]): T[] {
  const familyOf = (row: T) => `${row.load}/${row.metric}/${row.quantile}`
  const verdicts = new Map<T, Comparison>()
  for (const family of new Set(rows.map(familyOf))) {
    const own = rows.filter((row) => familyOf(row) === family)
    const judged = decideFamily(own.map((row) => row.comparison))
    own.forEach((row, n) => verdicts.set(row, judged[n]!))
  }
  return rows.map((row) => ({ ...row, comparison: verdicts.get(row)! }))
}
