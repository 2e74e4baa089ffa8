import { median, standardDeviation } from 'simple-statistics'

/** Slots that are looked at: their first half against their second. */
export const settleWindow = 6
/** Programs that warm up get faster by more than this within the window; a settled host moves less. */
const tolerance = 0.03
/** A move of the level that is no larger than this many standard deviations of single slots is their noise. */
const noise = 2

/** What is judged: one path under one load. */
export interface Series {
  readonly name: string
  /** Whether slots without a request are no wonder: then it is judged by the last slots that had one. */
  readonly hasPauses?: boolean
}

/** The median of each series that was answered in a slot, by name, ns. */
export type SlotMedians = ReadonlyMap<string, number>

/**
 * Series that have not settled: the median of the older half of their last slots lies further above or below that of
 * the newer half than the tolerance and than the slots of a half scatter, or there are too few slots to say.
 * @param slots in time order
 */
export function unsettledSeries(slots: readonly SlotMedians[], series: readonly Series[]): readonly string[] {
  return series.filter((one) => !isSettled(slots, one)).map(({ name }) => name)
}

function isSettled(slots: readonly SlotMedians[], { name, hasPauses = false }: Series): boolean {
  const seen = hasPauses ? slots.filter((slot) => slot.has(name)) : slots
  const values = seen.slice(-settleWindow).flatMap((slot) => slot.get(name) ?? [])
  if (values.length < settleWindow) return false
  const [older, newer] = [values.slice(0, settleWindow / 2), values.slice(settleWindow / 2)]
  const moved = Math.abs(median(older) - median(newer))
  const scatter = (standardDeviation(older) + standardDeviation(newer)) / 2
  return moved <= Math.max(tolerance * median(newer), noise * scatter)
}
