import { provenPaths } from '../evidence/is-proven.ts'
import type { RunResult } from '../results/schema.ts'
import { scenarioNameOf } from '../results/variants.ts'
import { marginOf } from './asked-margin.ts'
import {
  decided,
  estimate,
  labelsOf,
  pathLoads,
  roundsOf,
  seriesOf,
  sidesOf,
  support,
  type CompareRunsOptions,
  type ComparisonRow,
} from './compared-series.ts'
import { compareSides } from '../stats/compare-sides.ts'
import { outcomesOfPath, withErrorShares, type ErrorShares } from './error-share.ts'
import { levelOf, mapNested, type Nested } from '../stats/nested.ts'
import { scaleBetween } from './path-scale.ts'
import { seriesPairs, seriesValues, type Series } from './round-values.ts'
import type { Scale } from '../stats/scale.ts'

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

/** One side of a comparison of separate runs. */
export interface ComparedRuns {
  readonly label: string
  readonly runs: readonly RunResult[]
  /** What was measured beside them, where they are variants that were taken out of runs: those runs. */
  readonly takenOutOf?: readonly RunResult[] | undefined
}

/**
 * Compares separate runs. Within each round every path is divided by the reference path (the one with the fewest
 * components, of the same variant where there are several) first: what the host does to all alike cancels. The reference itself is compared by its level, but
 * only between runs that measured the same set of paths: levels rise with the number of paths in the mix.
 */
export function compareRuns(
  baseline: ComparedRuns,
  contender: ComparedRuns,
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
  const rising = proven.toSorted((a, b) => (a.hops ?? 0) - (b.hops ?? 0))
  const levelsRefused = differentMix([baseline, contender].flatMap((side) => side.takenOutOf ?? side.runs))
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
    const reference = rising.find(({ variant }) => variant === path?.variant)
    const from = path === reference ? undefined : reference
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
        .flatMap((path) => (path.hops === null ? [] : [scenarioNameOf(path)]))
        .toSorted()
        .join(', '),
    ),
  )
  if (mixes.size < 2) return null
  return `levels are not compared, because they rise with the number of paths in the mix: ${[...mixes].join(' against ')}`
}
