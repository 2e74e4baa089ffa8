import { defaultAlpha, type CompareOptions } from './comparison.ts'
import { isQuantileCarried, requestsToCarry } from './quantile-support.ts'
import { median } from 'simple-statistics'
import { quantileNotCarried, type StatWarning } from './warnings.ts'

/** @throws RangeError when a value is not a finite number: it would travel into every result unseen */
export function requireFinite(values: readonly number[]): void {
  const bad = values.find((value) => !Number.isFinite(value))
  if (bad !== undefined) throw new RangeError(`statistics need finite numbers, not ${bad}`)
}

/** @throws RangeError when alpha or delta make no sense */
export function checkedOptions(options: CompareOptions): { alpha: number; deltaNs: number | null } {
  const alpha = options.alpha ?? defaultAlpha
  const deltaNs = options.deltaNs ?? null
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha lies between 0 and 1, not ${alpha}`)
  if (deltaNs !== null && !(deltaNs >= 0)) throw new RangeError(`delta is zero or more, not ${deltaNs}`)
  return { alpha, deltaNs }
}

/** B - A, round by round. @throws RangeError when the rounds do not pair up */
export function pairedDifferences(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) throw new RangeError(`rounds must pair up: ${a.length} of A, ${b.length} of B`)
  requireFinite(a)
  requireFinite(b)
  return a.map((value, round) => (b[round] ?? NaN) - value)
}

/** A warning when the rounds are too small for the quantile that their values are said to be. */
export function quantileWarnings(options: {
  readonly quantile?: number | undefined
  readonly requestsPerRound?: readonly number[] | undefined
}): readonly StatWarning[] {
  const { quantile, requestsPerRound } = options
  if (quantile === undefined || requestsPerRound === undefined || requestsPerRound.length === 0) return []
  if (isQuantileCarried(quantile, requestsPerRound)) return []
  return [quantileNotCarried(quantile, median([...requestsPerRound]), requestsToCarry(quantile))]
}
