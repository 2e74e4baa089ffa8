import { sum } from 'simple-statistics'
import { seededRandom } from '../random.ts'

/** Two groups of up to this many values are compared in every possible way (48,620 for 9 against 9). */
const exhaustiveUpTo = 9
const draws = 9_999

/**
 * Two-sided p-value of a difference of means when group labels are exchangeable: the share of all relabelings whose
 * means differ at least as much as observed. Exhaustive up to 9 against 9; larger groups are relabelled 9,999 times
 * from `seed`, with (1 + hits) / (1 + draws), which keeps the test valid
 * (B. Phipson and G. K. Smyth, Statistical Applications in Genetics and Molecular Biology 9, 2010).
 * @throws RangeError when a group is empty
 */
export function permutationTest(a: readonly number[], b: readonly number[], seed = 1): number {
  if (a.length === 0 || b.length === 0) throw new RangeError('a permutation test needs values in both groups')
  const all = [...a, ...b]
  const total = sum(all)
  const scale = all.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * all.length
  // The means differ as the sum of the first group differs from its share of the total. Sums of the same values in
  // another order may differ in their last bits and must still count as equal.
  const expected = (total * a.length) / all.length
  const observed = Math.abs(sum([...a]) - expected) - scale * 1e-12
  const isAsExtreme = (firstSum: number) => Math.abs(firstSum - expected) >= observed

  if (a.length <= exhaustiveUpTo && b.length <= exhaustiveUpTo) {
    const { hits, count } = countSubsets(all, a.length, isAsExtreme)
    return hits / count
  }
  const random = seededRandom(seed)
  let hits = 0
  for (let draw = 0; draw < draws; draw++) if (isAsExtreme(randomSubsetSum(all, a.length, random))) hits++
  return (1 + hits) / (1 + draws)
}

function countSubsets(values: readonly number[], size: number, accept: (sum: number) => boolean) {
  let hits = 0
  let count = 0
  const visit = (index: number, left: number, soFar: number): void => {
    if (left === 0) {
      count++
      if (accept(soFar)) hits++
      return
    }
    for (let i = index; i <= values.length - left; i++) visit(i + 1, left - 1, soFar + (values[i] ?? 0))
  }
  visit(0, size, 0)
  return { hits, count }
}

/** The first `size` steps of a Fisher-Yates shuffle, in place: any order is as good a start as another. */
function randomSubsetSum(values: number[], size: number, random: () => number): number {
  let total = 0
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(random() * (values.length - i))
    const chosen = values[j] ?? 0
    values[j] = values[i] ?? 0
    values[i] = chosen
    total += chosen
  }
  return total
}
