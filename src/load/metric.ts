/** A time that a load profile measures. */
export interface Metric {
  /** What users call it, e.g. `first-byte`. */
  readonly name: string
  /** Where rounds keep it: `warm`, `cold`, or a name of `extraQuantilesNs`. */
  readonly series: string
  /** From what to what. */
  readonly title: string
  /** Shown without being asked for. The first one of a profile is its headline. */
  readonly isDefault: boolean
}

export const cold = { name: 'cold', series: 'cold', isDefault: false } as const

export const firstOfConnection: Metric = {
  ...cold,
  title: 'write to last byte, first request of a connection',
}

export const latency: Metric = {
  name: 'latency',
  series: 'warm',
  title: 'write to last byte, on a connection that has answered before',
  isDefault: true,
}
