import { defaultAlpha, type Comparison } from './comparison.ts'
import { conclude } from './conclude.ts'
import { holmAdjust } from './holm.ts'
import { jointSignFlip } from './sign-flip.ts'
import type { WarningCode } from './warnings.ts'

/** Warnings that `conclude` writes, and writes anew. */
const concluding: readonly WarningCode[] = ['within-margin', 'lost-to-family', 'undecided']

/**
 * Verdicts for all comparisons of one family. The more differences are looked for, the likelier one shows by chance, so
 * `slower` and `faster` are drawn from p-values of the family: the chance of any false one in it stays at `alpha`.
 * Comparisons of the same restarts or builds are judged by one joint test (`sign-flip.ts`), others by Holm's.
 * Intervals stay those of each comparison alone. `same` still takes an interval inside the margin.
 * @param comparisons of any kind, all made with `alpha`; those without a p-value do not count as looked for
 * @returns in the order given
 * @throws RangeError when a comparison was made with another alpha
 */
export function decideFamily(
  comparisons: readonly Comparison[],
  { alpha = defaultAlpha }: { readonly alpha?: number | undefined } = {},
): readonly Comparison[] {
  const other = comparisons.find((comparison) => comparison.alpha !== alpha)
  if (other)
    throw new RangeError(`a comparison made with alpha ${other.alpha} cannot join a table with ${alpha}`)

  const tested = comparisons.filter(({ pValue }) => pValue !== null)
  const adjusted = adjust(tested)
  return comparisons.map((comparison) => {
    const pValue = adjusted.get(comparison) ?? null
    const warnings = comparison.warnings.filter((warning) => !concluding.includes(warning.code))
    return conclude({ ...comparison, warnings }, { pValue, family: tested.length })
  })
}

function adjust(tested: readonly Comparison[]): ReadonlyMap<Comparison, number> {
  // Alone, nothing is to be adjusted for, and the joint test has another statistic.
  if (tested.length === 1) return new Map(tested.map((alone) => [alone, alone.pValue ?? 1]))
  const pValues = areOfSameStarts(tested)
    ? jointSignFlip(tested.map(({ contrasts }) => contrasts.map(({ value }) => value)))
    : holmAdjust(tested.map(({ pValue }) => pValue ?? 1))
  return new Map(tested.map((comparison, i) => [comparison, pValues[i] ?? 1]))
}

/** Starts are independent, and each gave a contrast to every comparison: signs can be flipped jointly. */
function areOfSameStarts(tested: readonly Comparison[]): boolean {
  const idsOf = ({ contrasts }: Comparison) => contrasts.map(({ id }) => id).join('\n')
  const [first] = tested
  return (
    first !== undefined &&
    first.contrasts.length > 0 &&
    tested.every((comparison) => comparison.unit !== 'round' && idsOf(comparison) === idsOf(first))
  )
}
