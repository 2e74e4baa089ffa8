import { median } from 'simple-statistics'

/** What counts as one observation: a round of one start, a start of all programs, or a stand-up of the testbed. */
export type Unit = 'round' | 'restart' | 'build'

/** Values of rounds, in time order, nested as they were measured: `[build][restart][round]`. */
export type Nested<T = number> = readonly (readonly (readonly T[])[])[]

/** One observation. */
export interface UnitValue {
  /** Which one, e.g. `build 1, restart 3`: the same in every series of a run. */
  readonly id: string
  readonly value: number
}

/** A nested series as observations of one kind. */
export interface Units {
  readonly unit: Unit
  readonly values: readonly UnitValue[]
  /**
   * Of the groups above, which are too few to be the observations themselves (restarts above rounds, builds above
   * restarts): the median of each. One entry or none where there is nothing to disagree.
   */
  readonly above: readonly number[]
}

/**
 * The highest kind of which there are enough: what differs between starts is common to all rounds of one, and what
 * differs between builds to all its starts, so what lies below repeats more than it adds. Medians throughout: one
 * disturbed round must not speak for its start, nor one odd start for its build.
 * @param fewest observations that a verdict takes
 * @param finest what an observation may be at the least
 */
export function unitsOf(nested: Nested, fewest: number, finest: Exclude<Unit, 'build'> = 'round'): Units {
  const restarts = nested.flatMap((build, b) =>
    build.flatMap((rounds, r) =>
      rounds.length === 0
        ? []
        : [{ id: `build ${b + 1}, restart ${r + 1}`, build: b, value: median([...rounds]) }],
    ),
  )
  const builds = nested.flatMap((_, b) => {
    const own = restarts.filter(({ build }) => build === b).map(({ value }) => value)
    return own.length === 0 ? [] : [{ id: `build ${b + 1}`, value: median(own) }]
  })
  if (builds.length >= fewest) return { unit: 'build', values: builds, above: [] }
  const valuesOf = (units: readonly { readonly value: number }[]) => units.map(({ value }) => value)
  if (restarts.length >= fewest || finest === 'restart') {
    const values = restarts.map(({ id, value }) => ({ id, value }))
    return { unit: 'restart', values, above: valuesOf(builds) }
  }
  const rounds = nested.flatMap((build, b) =>
    build.flatMap((own, r) =>
      own.map((value, k) => ({ id: `build ${b + 1}, restart ${r + 1}, round ${k + 1}`, value })),
    ),
  )
  return { unit: 'round', values: rounds, above: valuesOf(restarts) }
}

/** The median over observations, of medians below: the level of a series. NaN without values. */
export function levelOf(nested: Nested): number {
  const starts = nested.flat().filter((rounds) => rounds.length > 0)
  return starts.length === 0 ? Number.NaN : median(starts.map((rounds) => median([...rounds])))
}

/** Applies a function to every value. */
export function mapNested<T, U>(nested: Nested<T>, of: (value: T) => U): Nested<U> {
  return nested.map((build) => build.map((restart) => restart.map(of)))
}
