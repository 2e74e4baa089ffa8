import type { QuantilesNs, RunResult } from '../results/schema.ts'
import type { Pair } from '../stats/compare-pairs.ts'
import type { Nested } from '../stats/nested.ts'

export type MeasuredRound = RunResult['measured'][number]

/** Which number of a round: a quantile of the warm requests of a path under a load, or of another histogram of it. */
export interface Series {
  readonly path: string
  readonly load: string
  readonly quantile: keyof QuantilesNs
  /** `warm` unless given; else `cold`, or a name of `extra`: `connect`, `firstByte`, `wait`, `lag`, `response`. */
  readonly metric?: string | undefined
}

/** The value of a series in a round, ns; null when the round lacks it. */
export function valueOf(round: MeasuredRound, { path, load, quantile, metric }: Series): number | null {
  const own = round.paths.find((p) => p.path === path && p.load === load)
  const quantiles =
    metric === undefined || metric === 'warm'
      ? own?.quantilesNs
      : metric === 'cold'
        ? own?.coldQuantilesNs
        : own?.extraQuantilesNs?.[metric]
  return quantiles?.[quantile] ?? null
}

/** Values of a series as they nest; rounds that lack it are left out. */
export function seriesValues(rounds: readonly MeasuredRound[], series: Series): Nested {
  return nest(rounds, (round) => valueOf(round, series))
}

/**
 * Both values of each round as they nest; rounds that lack either are left out. Of variants that are switched those are
 * a pair that have the same number in one restart.
 */
export function seriesPairs(rounds: readonly MeasuredRound[], a: Series, b: Series): Nested<Pair> {
  return nest(sameRounds(rounds), ({ rounds: same }) => {
    const value = (series: Series) =>
      same.map((round) => valueOf(round, series)).find((own) => own !== null) ?? null
    return pairOf(value(a), value(b))
  })
}

/** Rounds of one number in one restart: one, or one of each variant. */
function sameRounds(rounds: readonly MeasuredRound[]) {
  const found = new Map<string, { build: number; restart?: number | undefined; rounds: MeasuredRound[] }>()
  for (const round of rounds) {
    const { build, restart, round: number } = round
    const key = `${build}/${restart ?? 1}/${number}`
    const same = found.get(key) ?? { build, restart, rounds: [] }
    found.set(key, same)
    same.rounds.push(round)
  }
  return [...found.values()]
}

/** What two random halves of a path's requests read in each round; empty where they were not told apart. */
export function halfPairs(
  rounds: readonly MeasuredRound[],
  { path, load, quantile }: Omit<Series, 'metric'>,
): Nested<Pair> {
  return nest(rounds, (round) => {
    const [a, b] = round.paths.find((p) => p.path === path && p.load === load)?.halvesNs ?? []
    return pairOf(a?.[quantile] ?? null, b?.[quantile] ?? null)
  })
}

function pairOf(a: number | null, b: number | null): Pair | null {
  return a === null || b === null ? null : [a, b]
}

/**
 * Sorts what rounds say into their builds and restarts, in time order. What is null is left out, but its start is not:
 * the same place is the same start in every series of the rounds.
 */
export function nest<R extends { readonly build: number; readonly restart?: number | undefined }, T>(
  rounds: readonly R[],
  value: (round: R) => T | null,
): Nested<T> {
  const builds = new Map<number, Map<number, T[]>>()
  for (const round of rounds) {
    const own = value(round)
    const restarts = builds.get(round.build) ?? new Map<number, T[]>()
    builds.set(round.build, restarts)
    const { restart = 1 } = round
    const values = restarts.get(restart) ?? []
    restarts.set(restart, values)
    if (own !== null) values.push(own)
  }
  return [...builds.values()].map((restarts) => [...restarts.values()])
}
