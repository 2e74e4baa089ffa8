import type { Verdict } from '../../stats/comparison.ts'

const said = [
  ['slower', 'slower'],
  ['faster', 'faster'],
  ['same', 'the same'],
  ['cannot tell', 'cannot be told apart'],
] as const satisfies readonly (readonly [Verdict, string])[]

/** e.g. `2 slower, 13 cannot be told apart`; `nothing to compare` without any. */
export function verdictCounts(comparisons: readonly { readonly verdict: Verdict }[]): string {
  const parts = said.flatMap(([verdict, words]) => {
    const count = comparisons.filter((comparison) => comparison.verdict === verdict).length
    return count === 0 ? [] : [`${count} ${words}`]
  })
  return parts.length === 0 ? 'nothing to compare' : parts.join(', ')
}
