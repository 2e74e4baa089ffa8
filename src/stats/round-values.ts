import type { QuantilesNs, RunResult } from '../results/schema.ts'

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

/** Values of a series in time order, per build; rounds that lack it are left out. */
export function valuesByBuild(rounds: readonly MeasuredRound[], series: Series): number[][] {
  return byBuild(rounds, (round) => valueOf(round, series))
}

/** `to` minus `from` in each round, per build; rounds that lack either are left out. */
export function contrastsByBuild(rounds: readonly MeasuredRound[], from: Series, to: Series): number[][] {
  return byBuild(rounds, (round) => {
    const [a, b] = [valueOf(round, from), valueOf(round, to)]
    return a === null || b === null ? null : b - a
  })
}

function byBuild(
  rounds: readonly MeasuredRound[],
  value: (round: MeasuredRound) => number | null,
): number[][] {
  const builds = new Map<number, number[]>()
  for (const round of rounds) {
    const number = value(round)
    if (number === null) continue
    const own = builds.get(round.build)
    if (own) own.push(number)
    else builds.set(round.build, [number])
  }
  return [...builds.values()]
}
