import { seededRandom, shuffled } from '../random.ts'

/**
 * In which order the variants of a restart stand: shuffled, and in every second restart the other way round (A B B A),
 * so that over each two none comes first more often than another and what drifts touches all alike. Pure.
 * @param place of the restart in the run, 1-based
 */
export function switchOrder(variants: readonly string[], place: number, seed: number): readonly string[] {
  const pair = Math.floor((place - 1) / 2)
  const order = shuffled(variants, seededRandom(seed + pair * 0x9e37_79b9))
  return place % 2 === 1 ? order : order.toReversed()
}
