import { defaultAlpha, type CompareOptions, type Margin } from './comparison.ts'
import { isQuantileCarried, requestsToCarry } from './quantile-support.ts'
import { median } from 'simple-statistics'
import type { Scale } from './scale.ts'
import { quantileNotCarried, type StatWarning } from './warnings.ts'

/** @throws RangeError when a value is not a finite number: it would travel into every result unseen */
export function requireFinite(values: readonly number[]): void {
  const bad = values.find((value) => !Number.isFinite(value))
  if (bad !== undefined) throw new RangeError(`statistics need finite numbers, not ${bad}`)
}

/** @throws RangeError when alpha or a margin make no sense */
export function checkedOptions(options: CompareOptions): {
  readonly alpha: number
  readonly margin: Margin
  readonly scale: Scale
} {
  const { alpha = defaultAlpha, deltaNs = null, deltaShare = null, scale = 'ratio' } = options
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha lies between 0 and 1, not ${alpha}`)
  for (const delta of [deltaNs, deltaShare]) {
    if (delta !== null && !(delta >= 0)) throw new RangeError(`delta is zero or more, not ${delta}`)
  }
  return { alpha, margin: { deltaNs, deltaShare }, scale }
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
