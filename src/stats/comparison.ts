import type { StatWarning, Unit } from './warnings.ts'

export type Verdict = 'slower' | 'faster' | 'same' | 'cannot tell'

/** What was observed when variant B was compared with variant A: B - A, in the unit of the values (ns in hopmeter). */
export interface Observed {
  /** Hodges-Lehmann estimate of B - A; null without data. */
  readonly difference: number | null
  readonly low: number | null
  readonly high: number | null
  /** What the interval achieves, e.g. 0.952; null without an interval. */
  readonly confidence: number | null
  /** Two-sided p-value of "no difference"; null where there are too few observations for one. */
  readonly pValue: number | null
  readonly unit: Unit
  /** Observations: pairs of rounds, builds that hold both paths, or builds of the smaller side. */
  readonly n: number
  /** Observations under which there is no verdict. */
  readonly fewest: number
  /** Chance of a false `slower` or `faster` that the user accepts. */
  readonly alpha: number
  /** Differences inside +-deltaNs do not matter to the user; null when that was not said. */
  readonly deltaNs: number | null
  /** Smallest difference that this many observations detect with about 80 % power; null without a spread. */
  readonly detectable: number | null
  /** True when these data must not carry a verdict, whatever their p-value; a warning says why. */
  readonly refused: boolean
  readonly warnings: readonly StatWarning[]
}

/** An observation with its verdict. */
export interface Comparison extends Observed {
  readonly verdict: Verdict
  /** Rounds in all that would settle a `cannot tell`; null when settled, unknowable or counted in builds. */
  readonly roundsNeeded: number | null
  /** The same in builds (a side), when builds are what counts. */
  readonly buildsNeeded: number | null
}

export interface CompareOptions {
  /** The verdict `same` takes an interval inside +-deltaNs, and cannot be reached without it. */
  readonly deltaNs?: number | undefined
  /** Default 0.05. */
  readonly alpha?: number | undefined
  /** Which quantile the values are, 0 to 1. With `requestsPerRound` it is refused when the rounds do not carry it. */
  readonly quantile?: number | undefined
  readonly requestsPerRound?: readonly number[] | undefined
}

export const defaultAlpha = 0.05
