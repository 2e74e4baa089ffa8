import { criticalValue, type NullDistribution } from './null-distribution.ts'
import { rankSumNull } from './rank-sum-null.ts'
import { signedRankNull } from './signed-rank-null.ts'

/** Under six pairs even the clearest difference has a p-value above 5 % (2 / 2^5). */
const pairs = 6
/** Five against five can reach p = 0.008, four against four only 0.029. */
const perSide = 5

/** Pairs (of rounds, or of builds) under which there is no verdict: six, or more when `alpha` asks for more. */
export function fewestPairs(alpha: number): number {
  return fewestRejecting(pairs, alpha, signedRankNull)
}

/** Builds a side under which separate runs get no verdict: five, or more when `alpha` asks for more. */
export function fewestPerSide(alpha: number): number {
  return fewestRejecting(perSide, alpha, (n) => rankSumNull(n, n))
}

function fewestRejecting(floor: number, alpha: number, whenEqual: (n: number) => NullDistribution): number {
  let n = floor
  while (criticalValue(whenEqual(n), alpha) < 0) n++
  return n
}
