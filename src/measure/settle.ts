import { median } from 'simple-statistics'
import type { RoundEvent } from '../results/schema.ts'
import { steadyState } from '../stats/steady-state.ts'

/** Slots that must agree before measuring starts. */
const agreeing = 3
/** Proxies that warm up get faster by more than this from slot to slot; a settled host moves less. */
const tolerance = 0.04

/**
 * Whether the last slots of every path agree, so that measuring can start.
 * @param slots per slot the median of each path, by name, ns; in time order
 */
export function hasSettled(slots: readonly ReadonlyMap<string, number>[]): boolean {
  const last = slots.slice(-agreeing)
  if (last.length < agreeing) return false
  return [...(last[0]?.keys() ?? [])].every((path) => {
    const values = last.flatMap((slot) => slot.get(path) ?? [])
    if (values.length < agreeing) return false
    return Math.max(...values) - Math.min(...values) <= tolerance * median(values)
  })
}

/** A path whose first rounds of a build differ from the rest by more than noise: it had not settled. */
export interface Unsettled {
  readonly path: string
  readonly load: string
  /** Leading rounds to distrust; null when the whole build was still changing. */
  readonly rounds: number | null
}

/** What is needed of a round to see whether paths had settled: a thousandth of the round. */
export interface RoundMedians {
  readonly paths: readonly Pick<RoundEvent['paths'][number], 'path' | 'load' | 'quantilesNs'>[]
}

export function mediansOf({ paths }: RoundEvent): RoundMedians {
  return { paths: paths.map(({ path, load, quantilesNs }) => ({ path, load, quantilesNs })) }
}

/**
 * MSER over the medians of a build's rounds. A cut that changes the median by less than the tolerance of warm-up is
 * chance, which a series of rounds always offers.
 * @param rounds of one build, in time order
 */
export function unsettledPaths(rounds: readonly RoundMedians[]): readonly Unsettled[] {
  const series = new Map<string, { path: string; load: string; medians: number[] }>()
  for (const { path, load, quantilesNs } of rounds.flatMap((round) => round.paths)) {
    const key = `${path}/${load}`
    const own = series.get(key) ?? { path, load, medians: [] }
    series.set(key, own)
    if (quantilesNs) own.medians.push(quantilesNs.p50)
  }
  return [...series.values()].flatMap(({ path, load, medians }): Unsettled[] => {
    // Batches of five need fifty rounds; with fewer, single rounds have to do.
    const steady = steadyState(medians, medians.length >= 50 ? 5 : 1)
    if (!steady.steady) return steady.reason === 'too-few-values' ? [] : drifted(medians, path, load)
    if (steady.drop === 0) return []
    const [early, late] = [median(medians.slice(0, steady.drop)), median(medians.slice(steady.drop))]
    return Math.abs(early - late) > tolerance * late ? [{ path, load, rounds: steady.drop }] : []
  })
}

function drifted(medians: readonly number[], path: string, load: string): Unsettled[] {
  const middle = Math.floor(medians.length / 2)
  const [first, second] = [median(medians.slice(0, middle)), median(medians.slice(middle))]
  return Math.abs(first - second) > tolerance * second ? [{ path, load, rounds: null }] : []
}
