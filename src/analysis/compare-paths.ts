import { provenPaths } from '../evidence/is-proven.ts'
import type { RunResult } from '../results/schema.ts'
import { ladderPaths, requireVariant, scenarioNameOf } from '../results/variants.ts'
import { marginOf } from './asked-margin.ts'
import { comparePairs } from '../stats/compare-pairs.ts'
import type { RunComparison } from './compare-runs.ts'
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
import { outcomesOfPath, withErrorShares, type ErrorShares } from './error-share.ts'
import { scaleBetween } from './path-scale.ts'
import { seriesPairs } from './round-values.ts'

/** Two paths of one run; no path is the `to` of two pairs. */
export interface PathPair {
  /** What the row is called. */
  readonly path: string
  readonly from: string
  readonly to: string
}

/** A row with the pair that it is about. */
export interface PairRow<Pair extends PathPair = PathPair> extends ComparisonRow {
  readonly pair: Pair
}

/**
 * Compares paths of one run pair by pair, by round within restarts: nothing is closer to a controlled experiment. All
 * pairs of one load, metric and quantile are judged as one family.
 */
export function comparePathPairs<Pair extends PathPair>(
  run: RunResult,
  pairs: readonly Pair[],
  options: CompareRunsOptions = {},
): { readonly rows: readonly PairRow<Pair>[]; readonly errors: readonly (ErrorShares & { pair: Pair })[] } {
  const rounds = roundsOf(run, options)
  const planned = (name: string) => run.paths.find((path) => path.name === name)
  const errorsOf = (pair: Pair, load: string) => ({
    pair,
    path: pair.path,
    load,
    baseline: outcomesOfPath([run], pair.from, load),
    contender: outcomesOfPath([run], pair.to, load),
  })
  const pairOf = new Map(pairs.map((pair) => [pair.to, pair]))
  const rows = seriesOf(run, [...pairOf.keys()], options).flatMap((series): PairRow<Pair>[] => {
    const pair = pairOf.get(series.path)
    if (!pair) return []
    const from = { ...series, path: pair.from }
    const [a, b] = [planned(pair.from), planned(pair.to)]
    const comparison = comparePairs(seriesPairs(rounds, from, series), {
      ...marginOf(options),
      ...support([run], series, options, [pair.from]),
      scale: a && b ? scaleBetween(a, b) : 'ratio',
      finest: run.switched === true && a?.variant !== b?.variant ? 'restart' : 'round',
    })
    return [
      {
        ...labelsOf({ ...series, path: pair.path }),
        pair,
        relativeTo: null,
        baseline: estimate([run], from, options),
        contender: estimate([run], series, options),
        comparison: withErrorShares(comparison, sidesOf(errorsOf(pair, series.load))),
      },
    ]
  })
  const judged = decided(rows)
  const errors = pathLoads(judged.map(({ pair, load }) => ({ pair, path: pair.to, load }))).map(
    ({ pair, load }) => errorsOf(pair, load),
  )
  return { rows: judged, errors }
}

/** Compares two paths of one run. */
export function comparePaths(
  run: RunResult,
  baselinePath: string,
  contenderPath: string,
  options: CompareRunsOptions = {},
): RunComparison {
  const pair = { path: contenderPath, from: baselinePath, to: contenderPath }
  const unproven = [baselinePath, contenderPath].filter((path) => !provenPaths(run).has(path))
  const labels = { baseline: `${run.id}#${baselinePath}`, contender: `${run.id}#${contenderPath}` }
  return comparisonOf(run, unproven.length > 0 ? [] : [pair], { ...labels, leftOut: unproven }, options)
}

/**
 * Compares two variants that stood side by side, path by path. Paths that are not proven of both are left out.
 * @throws UsageError when the run has no such variant
 */
export function compareVariants(
  run: RunResult,
  baseline: string,
  contender: string,
  options: CompareRunsOptions = {},
): RunComparison {
  for (const variant of [baseline, contender]) requireVariant(run, variant)
  const proven = provenPaths(run)
  const pairs = variantPairs(run, baseline, contender)
  const isProven = ({ from, to }: PathPair) => proven.has(from) && proven.has(to)
  const labels = { baseline: `${run.id}#${baseline}`, contender: `${run.id}#${contender}` }
  const leftOut = pairs.filter((pair) => !isProven(pair)).map(({ path }) => path)
  return comparisonOf(run, pairs.filter(isProven), { ...labels, leftOut }, options)
}

/** Each path of the scenario in both variants, in the order of their components. */
export function variantPairs(run: RunResult, baseline: string, contender: string): readonly PathPair[] {
  const measured = ladderPaths(run)
  const others = measured.filter(({ variant }) => variant === contender)
  return measured
    .filter(({ variant }) => variant === baseline)
    .flatMap((own) => {
      const path = scenarioNameOf(own)
      const other = others.find((one) => scenarioNameOf(one) === path)
      return other ? [{ path, from: own.name, to: other.name }] : []
    })
}

function comparisonOf(
  run: RunResult,
  pairs: readonly PathPair[],
  about: Pick<RunComparison, 'baseline' | 'contender' | 'leftOut'>,
  options: CompareRunsOptions,
): RunComparison {
  const { rows, errors } = comparePathPairs(run, pairs, options)
  return {
    ...about,
    rows: rows.map(({ pair: _pair, ...row }) => row),
    errors: errors.map(({ pair: _pair, ...shares }) => shares),
    levelsRefused: null,
  }
}
