/**
 * Differences inside ±5 µs do not matter unless told otherwise: a twentieth of what the cheapest component costs, and
 * what the default of eight restarts resolves. A band of 10 would call a true 10 µs "same".
 */
const defaultDeltaNs = 5000

export interface AskedMargin {
  readonly deltaNs?: number | undefined
  readonly deltaShare?: number | undefined
}

/** The margin that a user asked for, or the default one. */
export function marginOf({ deltaNs, deltaShare }: AskedMargin): AskedMargin {
  return deltaNs === undefined && deltaShare === undefined
    ? { deltaNs: defaultDeltaNs }
    : { deltaNs, deltaShare }
}
