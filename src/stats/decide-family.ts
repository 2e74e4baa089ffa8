import { defaultAlpha, type Comparison } from './comparison.ts'
import { conclude } from './conclude.ts'
import { holmAdjust } from './holm.ts'
import type { WarningCode } from './warnings.ts'

/** A comparison judged as one of a table. */
export type FamilyMember<T extends Comparison> = T & {
  /** Holm's p-value: at or under alpha is what `slower` and `faster` take. null where `pValue` is. */
  readonly adjustedP: number | null
}

/** Warnings that `conclude` writes, and writes anew. */
const concluding: readonly WarningCode[] = ['within-delta', 'lost-to-holm', 'undecided']

/**
 * Verdicts for all comparisons of one table. The more differences are looked for, the likelier one shows by chance, so
 * `slower` and `faster` are drawn from Holm's p-values; the chance of any false one in the table stays at `alpha`.
 * Intervals stay those of each comparison alone. `same` still takes an interval inside +-delta.
 * @param comparisons of any kind, all made with `alpha`; those without a p-value do not count as looked for
 * @returns in the order given
 * @throws RangeError when a comparison was made with another alpha
 */
export function decideFamily<T extends Comparison>(
  comparisons: readonly T[],
  { alpha = defaultAlpha }: { readonly alpha?: number | undefined } = {},
): readonly FamilyMember<T>[] {
  const other = comparisons.find((comparison) => comparison.alpha !== alpha)
  if (other)
    throw new RangeError(`a comparison made with alpha ${other.alpha} cannot join a table with ${alpha}`)

  const tested = comparisons.flatMap((comparison) => comparison.pValue ?? [])
  const adjusted = holmAdjust(tested)
  let next = 0
  return comparisons.map((comparison) => {
    const adjustedP = comparison.pValue === null ? null : (adjusted[next++] ?? null)
    const warnings = comparison.warnings.filter((warning) => !concluding.includes(warning.code))
    const judged = conclude({ ...comparison, warnings }, { pValue: adjustedP, family: tested.length })
    return { ...comparison, ...judged, adjustedP }
  })
}
