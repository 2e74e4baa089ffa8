/**
 * How two times are compared: by b/a, or by b - a.
 *
 * The host's speed multiplies everything, so the ratio of two paths holds still while their difference drifts with the
 * host; near zero the two are alike. A difference is right only where what differs is a fixed time that no host makes
 * faster or slower: an emulated network delay, or the known delay of a calibration server. So the scale follows from
 * what is compared, never from the data (docs/statistics.md, "Ratio or difference").
 */
export type Scale = 'ratio' | 'difference'

/** A number with its interval; `low` and `high` are null where there are too few observations for one. */
export interface Interval {
  readonly estimate: number
  readonly low: number | null
  readonly high: number | null
}

/** What is observed of one pair: log(b/a), or b - a. @throws RangeError for a time that has no ratio */
export function contrast(a: number, b: number, scale: Scale): number {
  if (scale === 'difference') return b - a
  if (!(a > 0 && b > 0)) throw new RangeError(`only times above zero have a ratio, not ${b} / ${a}`)
  // To the last bit the opposite when a and b are swapped, so that ties fall the same way.
  return b >= a ? Math.log(b / a) : -Math.log(a / b)
}

/** An interval of contrasts as b - a at the level of a, in the unit of the level. */
export function asDifference(interval: Interval, scale: Scale, level: number): Interval {
  return scale === 'difference' ? interval : mapInterval(interval, (log) => level * Math.expm1(log))
}

/** An interval of contrasts as the factor b/a at the level of a. */
export function asFactor(interval: Interval, scale: Scale, level: number): Interval {
  return mapInterval(interval, scale === 'ratio' ? Math.exp : (difference) => (level + difference) / level)
}

function mapInterval({ estimate, low, high }: Interval, of: (value: number) => number): Interval {
  return { estimate: of(estimate), low: low === null ? null : of(low), high: high === null ? null : of(high) }
}
