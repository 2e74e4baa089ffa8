import type { RunResult } from '../results/schema.ts'
import { provenPaths } from '../results/comparable.ts'
import { compareBuilds } from './compare-builds.ts'
import { comparePairedNested } from './compare-nested.ts'
import type { Comparison } from './comparison.ts'
import { outcomesOfPath, withErrorShares, type ErrorShares } from './error-share.ts'
import { decideFamily, type FamilyMember } from './decide-family.ts'
import { contrastsByBuild, valueOf, valuesByBuild, type Series } from './round-values.ts'
import { chosenMetrics, headlineOf } from './metrics.ts'
import { counts } from './summarize-metrics.ts'
import { defaultDeltaNs } from './summarize-run.ts'
import { summaryQuantiles, type SummaryQuantile } from './summary-quantiles.ts'
import { summarizeLatency, type NestedEstimate } from './summarize-nested.ts'

/** One line of a comparison: a path, a load, a metric, a quantile. Times in ns. */
export interface ComparisonRow {
  readonly path: string
  readonly load: string
  /** Which time of the load, e.g. `latency` or `first-byte`. */
  readonly metric: string
  /** Whether the load is for this metric above all others. */
  readonly isHeadline: boolean
  readonly quantile: SummaryQuantile
  /** `path`: the values themselves; else the path whose value was subtracted in each round before comparing. */
  readonly relativeTo: string | null
  readonly baseline: NestedEstimate
  readonly contender: NestedEstimate
  readonly comparison: FamilyMember<Comparison>
}

export interface RunComparison {
  readonly baseline: string
  readonly contender: string
  readonly rows: readonly ComparisonRow[]
  /** How the requests behind the rows ended, path by path and load by load. */
  readonly errors: readonly ErrorShares[]
  /** Paths that are in both but not proven in both, and so are not compared. */
  readonly leftOut: readonly string[]
}

export interface CompareRunsOptions {
  readonly deltaNs?: number | undefined
  /** Count only rounds without flags. */
  readonly validOnly?: boolean | undefined
  /** Names of metrics; the defaults of each load's profile unless given. */
  readonly metrics?: readonly string[] | undefined
}

/**
 * Compares separate runs. The build is the unit, and within each round the reference path (the one with the fewest
 * components) is subtracted from every other first: what the host does to all paths alike cancels.
 */
export function compareRuns(
  baseline: { readonly label: string; readonly runs: readonly RunResult[] },
  contender: { readonly label: string; readonly runs: readonly RunResult[] },
  options: CompareRunsOptions = {},
): RunComparison {
  const all = [...baseline.runs, ...contender.runs]
  const first = all[0]
  if (!first)
    return { baseline: baseline.label, contender: contender.label, rows: [], errors: [], leftOut: [] }
  const measured = first.paths.filter((path) => path.hops !== null && path.controlOf === undefined)
  const proven = measured.filter((path) => all.every((run) => provenPaths(run).has(path.name)))
  const reference = proven.toSorted((a, b) => (a.hops ?? 0) - (b.hops ?? 0))[0]?.name
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
  ).map((series) => {
    const from =
      series.path === reference || reference === undefined ? undefined : { ...series, path: reference }
    const values = (runs: readonly RunResult[]) =>
      runs.flatMap((run) => {
        const rounds = roundsOf(run, options)
        return from ? contrastsByBuild(rounds, from, series) : valuesByBuild(rounds, series)
      })
    return {
      path: series.path,
      load: series.load,
      metric: series.name,
      isHeadline: series.isHeadline,
      quantile: series.quantile,
      relativeTo: from?.path ?? null,
      baseline: estimate(baseline.runs, series, options),
      contender: estimate(contender.runs, series, options),
      comparison: withErrorShares(
        compareBuilds(values(baseline.runs), values(contender.runs), {
          deltaNs: options.deltaNs ?? defaultDeltaNs,
          ...support(all, series, options),
        }),
        sidesOf(errorsOf(series)),
      ),
    }
  })
  const leftOut = measured
    .map((path) => path.name)
    .filter((name) => !proven.some((path) => path.name === name))
  const errors = pathLoads(rows).map(errorsOf)
  return { baseline: baseline.label, contender: contender.label, rows: decided(rows), errors, leftOut }
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
  if (leftOut.length > 0) return { ...names, rows: [], errors: [], leftOut }
  const errorsOf = ({ load }: Pick<ErrorShares, 'load'>): ErrorShares => ({
    path: contenderPath,
    load,
    baseline: outcomesOfPath([run], baselinePath, load),
    contender: outcomesOfPath([run], contenderPath, load),
  })
  const rows = seriesOf(run, [contenderPath], options).map((series) => {
    const from = { ...series, path: baselinePath }
    const rounds = roundsOf(run, options).filter(
      (round) => valueOf(round, from) !== null && valueOf(round, series) !== null,
    )
    return {
      path: contenderPath,
      load: series.load,
      metric: series.name,
      isHeadline: series.isHeadline,
      quantile: series.quantile,
      relativeTo: null,
      baseline: estimate([run], from, options),
      contender: estimate([run], series, options),
      comparison: withErrorShares(
        comparePairedNested(valuesByBuild(rounds, from), valuesByBuild(rounds, series), {
          deltaNs: options.deltaNs ?? defaultDeltaNs,
          ...support([run], series, options),
        }),
        sidesOf(errorsOf(series)),
      ),
    }
  })
  return { ...names, rows: decided(rows), errors: pathLoads(rows).map(errorsOf), leftOut }
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

function estimate(
  runs: readonly RunResult[],
  series: SummarySeries,
  options: CompareRunsOptions,
): NestedEstimate {
  const byBuild = runs.flatMap((run) => valuesByBuild(roundsOf(run, options), series))
  return summarizeLatency(byBuild, support(runs, series, options))
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
 * Not the whole table: five builds a side have no p-value under 0.008, and fifteen rows at once would leave no verdict
 * that they could ever reach.
 */
function decided<
  T extends Pick<ComparisonRow, 'load' | 'metric' | 'quantile'> & { readonly comparison: Comparison },
>(rows: readonly T[]): (T & { comparison: FamilyMember<Comparison> })[] {
  const familyOf = (row: T) => `${row.load}/${row.metric}/${row.quantile}`
  const verdicts = new Map<T, FamilyMember<Comparison>>()
  for (const family of new Set(rows.map(familyOf))) {
    const own = rows.filter((row) => familyOf(row) === family)
    const judged = decideFamily(own.map((row) => row.comparison))
    own.forEach((row, i) => verdicts.set(row, judged[i]!))
  }
  return rows.map((row) => ({ ...row, comparison: verdicts.get(row)! }))
}
