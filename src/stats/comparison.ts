import type { Unit, UnitValue } from './nested.ts'
import type { Interval, Scale } from './scale.ts'
import type { StatWarning } from './warnings.ts'

export type Verdict = 'slower' | 'faster' | 'same' | 'cannot tell'

/** Differences inside it do not matter to the user: of what is given, all must hold. */
export interface Margin {
  /** In the unit of the values (ns in hopmeter). */
  readonly deltaNs: number | null
  /** As a share of A, e.g. 0.01. */
  readonly deltaShare: number | null
}

/** What was observed when B was compared with A: b/a and b - a, in the unit of the values (ns in hopmeter). */
export interface Observed {
  readonly scale: Scale
  /** What A takes in this run: the median over observations. null without data. */
  readonly levelNs: number | null
  /** The factor b/a; null without data. */
  readonly ratio: Interval | null
  /** B - A at that level; null without data. */
  readonly difference: number | null
  readonly low: number | null
  readonly high: number | null
  /** What the interval achieves, e.g. 0.952; null without an interval. */
  readonly confidence: number | null
  /** Two-sided p-value of "no difference", by itself; null where there are too few observations for one. */
  readonly pValue: number | null
  readonly unit: Unit
  /** Observations: pairs of rounds, restarts or builds that hold both, or those of the smaller side. */
  readonly n: number
  /** Observations under which there is no verdict. */
  readonly fewest: number
  /** Chance of a false `slower` or `faster` that the user accepts. */
  readonly alpha: number
  readonly margin: Margin
  /** Smallest difference that this many observations detect with about 80 % power; null without a spread. */
  readonly detectable: number | null
  /** True when these data must not carry a verdict, whatever their p-value; a warning says why. */
  readonly refused: boolean
  readonly warnings: readonly StatWarning[]
  /** What each observation says: log(b/a) or b - a. Empty for two separate sides. */
  readonly contrasts: readonly UnitValue[]
}

/** An observation with its verdict. */
export interface Comparison extends Observed {
  readonly verdict: Verdict
  /** p-value among all comparisons of its family: what the verdict was drawn from. */
  readonly adjustedP: number | null
  /** Observations in all, of this unit, that would settle a `cannot tell`; null when settled or unknowable. */
  readonly unitsNeeded: number | null
}

export interface CompareOptions {
  /** Default `ratio`. */
  readonly scale?: Scale | undefined
  /** The verdict `same` takes an interval inside the margin, and cannot be reached without one. */
  readonly deltaNs?: number | undefined
  readonly deltaShare?: number | undefined
  /** Default 0.05. */
  readonly alpha?: number | undefined
  /** Which quantile the values are, 0 to 1. With `requestsPerRound` it is refused when the rounds do not carry it. */
  readonly quantile?: number | undefined
  readonly requestsPerRound?: readonly number[] | undefined
  /** `restart`: the two were not measured in the same rounds, so that a round is no observation. Default `round`. */
  readonly finest?: 'round' | 'restart' | undefined
}

export const defaultAlpha = 0.05
