import { provenPaths } from '../evidence/is-proven.ts'
import type { RunResult } from '../results/schema.ts'
import { comparePairs } from '../stats/compare-pairs.ts'
import { compareSides } from '../stats/compare-sides.ts'
import type { Comparison } from '../stats/comparison.ts'
import { outcomesOfPath, withErrorShares, type ErrorShares } from './error-share.ts'
import { decideFamily } from '../stats/decide-family.ts'
import { levelOf, mapNested, type Nested } from '../stats/nested.ts'
import { seriesPairs, seriesValues, type Series } from './round-values.ts'
import type { Scale } from '../stats/scale.ts'
import { chosenMetrics, headlineOf } from './metrics.ts'
import { counts } from './summarize-metrics.ts'
import { marginOf, scaleBetween } from './summarize-run.ts'
import { summaryQuantiles, type SummaryQuantile } from './summary-quantiles.ts'
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

export interface RunComparison {
  readonly baseline: string
  readonly contender: string
  readonly rows: readonly ComparisonRow[]
  /** How the requests behind the rows ended, path by path and load by load. */
  readonly errors: readonly ErrorShares[]
  /** Paths that are in both but not proven in both, and so are not compared. */
  readonly leftOut: readonly string[]
  /** Why levels are not compared, only ratios within runs; null when they are. */
  readonly levelsRefused: string | null
}

export interface CompareRunsOptions {
  readonly deltaNs?: number | undefined
  readonly deltaShare?: number | undefined
  /** Count only rounds without flags. */
  readonly validOnly?: boolean | undefined
  /** Names of metrics; the defaults of each load's profile unless given. */
  readonly metrics?: readonly string[] | undefined
}

/**
 * Compares separate runs. Within each round every path is divided by the reference path (the one with the fewest
 * components) first: what the host does to all paths alike cancels. The reference itself is compared by its level, but
 * only between runs that measured the same set of paths: levels rise with the number of paths in the mix.
 */
export function compareRuns(
  baseline: { readonly label: string; readonly runs: readonly RunResult[] },
  contender: { readonly label: string; readonly runs: readonly RunResult[] },
  options: CompareRunsOptions = {},
): RunComparison {
  const names = { baseline: baseline.label, contender: contender.label }
  const all = [...baseline.runs, ...contender.runs]
  const first = all[0]
  if (!first) return { ...names, rows: [], errors: [], leftOut: [], levelsRefused: null }
  const measured = first.paths.filter(
    (path) =>
      path.hops !== null &&
      path.controlOf === undefined &&
      all.every((run) => run.paths.some(({ name }) => name === path.name)),
  )
  const proven = measured.filter((path) => all.every((run) => provenPaths(run).has(path.name)))
  const reference = proven.toSorted((a, b) => (a.hops ?? 0) - (b.hops ?? 0))[0]
  const levelsRefused = differentMix(all)
  const errorsOf = ({ path, load }: Pick<ErrorShares, 'path' | 'load'>): ErrorShares => ({
    path,
    load,
    baseline: outcomesOfPath(baseline.runs, path, load),
    contender: outcomesOfPath(contender.runs, path, load),
  })
  const rows = seriesOf(
    first,
    proven.map((path) => path.name),
    options,
  ).flatMap((series) => {
    const path = proven.find(({ name }) => name === series.path)
    const from = path === undefined || path === reference ? undefined : reference
    if (from === undefined && levelsRefused !== null) return []
    const scale = path && from ? scaleBetween(from, path) : 'ratio'
    const levels = baseline.runs.flatMap((run) => seriesValues(roundsOf(run, options), series))
    const values = (runs: readonly RunResult[]) =>
      runs.flatMap((run) => {
        const rounds = roundsOf(run, options)
        return from
          ? relative(rounds, { ...series, path: from.name }, series, scale)
          : seriesValues(rounds, series)
      })
    const comparison = compareSides(values(baseline.runs), values(contender.runs), {
      ...marginOf(options),
      ...support(all, series, options),
      scale,
      levelNs: levelOf(levels),
    })
    return [
      {
        ...labelsOf(series),
        relativeTo: from?.name ?? null,
        baseline: estimate(baseline.runs, series, options),
        contender: estimate(contender.runs, series, options),
        comparison: withErrorShares(comparison, sidesOf(errorsOf(series))),
      },
    ]
  })
  const leftOut = measured
    .map((path) => path.name)
    .filter((name) => !proven.some((path) => path.name === name))
  const errors = pathLoads(rows).map(errorsOf)
  return { ...names, rows: decided(rows), errors, leftOut, levelsRefused }
}

/** `to` by `from` in each round, or less it, as they nest. */
function relative(rounds: RunResult['measured'], from: Series, to: Series, scale: Scale): Nested {
  return mapNested(seriesPairs(rounds, from, to), ([a, b]) => (scale === 'ratio' ? b / a : b - a))
}

/** Says so when runs did not all measure the same paths. */
function differentMix(runs: readonly RunResult[]): string | null {
  const mixes = new Set(
    runs.map((run) =>
      run.paths
        .flatMap(({ hops, name }) => (hops === null ? [] : [name]))
        .toSorted()
        .join(', '),
    ),
  )
  if (mixes.size < 2) return null
  return `levels are not compared, because they rise with the number of paths in the mix: ${[...mixes].join(' against ')}`
}

/** Compares two paths of one run, paired by round: nothing is closer to a controlled experiment. */
export function compareVariants(
  run: RunResult,
  baselinePath: string,
  contenderPath: string,
  options: CompareRunsOptions = {},
): RunComparison {
  const proven = provenPaths(run)
  const leftOut = [baselinePath, contenderPath].filter((path) => !proven.has(path))
  const names = { baseline: `${run.id}#${baselinePath}`, contender: `${run.id}#${contenderPath}` }
  if (leftOut.length > 0) return { ...names, rows: [], errors: [], leftOut, levelsRefused: null }
  const [a, b] = [baselinePath, contenderPath].map((name) => run.paths.find((path) => path.name === name))
  const errorsOf = ({ load }: Pick<ErrorShares, 'load'>): ErrorShares => ({
    path: contenderPath,
    load,
    baseline: outcomesOfPath([run], baselinePath, load),
    contender: outcomesOfPath([run], contenderPath, load),
  })
  const rows = seriesOf(run, [contenderPath], options).map((series) => {
    const from = { ...series, path: baselinePath }
    return {
      ...labelsOf(series),
      relativeTo: null,
      baseline: estimate([run], from, options),
      contender: estimate([run], series, options),
      comparison: withErrorShares(
        comparePairs(seriesPairs(roundsOf(run, options), from, series), {
          ...marginOf(options),
          ...support([run], series, options),
          scale: a && b ? scaleBetween(a, b) : 'ratio',
        }),
        sidesOf(errorsOf(series)),
      ),
    }
  })
  const errors = pathLoads(rows).map(errorsOf)
  return { ...names, rows: decided(rows), errors, leftOut, levelsRefused: null }
}

function sidesOf({ baseline, contender }: ErrorShares): Parameters<typeof withErrorShares>[1] {
  return [
    { name: 'baseline', outcomes: baseline },
    { name: 'contender', outcomes: contender },
  ]
}

/** Each path and load of the rows once. */
function pathLoads<T extends { readonly path: string; readonly load: string }>(rows: readonly T[]): T[] {
  return rows.filter((row, i) => rows.findIndex((r) => r.path === row.path && r.load === row.load) === i)
}

function labelsOf({ path, load, name, isHeadline, quantile }: SummarySeries) {
  return { path, load, metric: name, isHeadline, quantile }
}

interface SummarySeries extends Series {
  readonly quantile: SummaryQuantile
  /** What users call the metric. */
  readonly name: string
  readonly isHeadline: boolean
}

function seriesOf(
  run: RunResult,
  paths: readonly string[],
  { metrics }: CompareRunsOptions,
): SummarySeries[] {
  const quantiles = Object.keys(summaryQuantiles) as SummaryQuantile[]
  return run.loads.flatMap((load) =>
    chosenMetrics(load.profile, metrics).flatMap(({ name, series }) =>
      paths.flatMap((path) =>
        quantiles
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

function roundsOf(run: RunResult, { validOnly }: CompareRunsOptions): RunResult['measured'] {
  return validOnly ? run.measured.filter((round) => round.flags.length === 0) : run.measured
}

function estimate(runs: readonly RunResult[], series: SummarySeries, options: CompareRunsOptions): Estimate {
  const values = runs.flatMap((run) => seriesValues(roundsOf(run, options), series))
  return summarizeLatency(values, support(runs, series, options))
}

/** Whether the latencies of a round carry the quantile. A median of first requests is one of few by its nature. */
function support(
  runs: readonly RunResult[],
  { path, load, metric = 'warm', quantile }: SummarySeries,
  options: CompareRunsOptions,
): { readonly quantile?: number; readonly requestsPerRound?: readonly number[] } {
  if (metric === 'cold') return {}
  const rounds = runs.flatMap((run) => roundsOf(run, options))
  return {
    quantile: summaryQuantiles[quantile],
    requestsPerRound: counts(rounds, { series: metric }, [path], load),
  }
}

/**
 * The paths of one load, metric and quantile are one family: the more is looked at, the likelier something shows by chance.
 * Not the whole table: five a side have no p-value under 0.008, and fifteen rows at once would leave no verdict that
 * they could ever reach.
 */
function decided<
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
