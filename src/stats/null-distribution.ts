import { normalUpperTail } from './normal.ts'

/** Distribution of a rank statistic when nothing differs: integers 0 to `max`, symmetric about max / 2. */
export interface NullDistribution {
  readonly max: number
  /** P(statistic <= value). */
  atMost(value: number): number
}

/** From the exact probabilities of 0, 1, … max. */
export function exactDistribution(probabilities: Float64Array): NullDistribution {
  const cumulative = new Float64Array(probabilities.length)
  let sum = 0
  for (const [value, probability] of probabilities.entries()) {
    sum += probability
    cumulative[value] = Math.min(1, sum)
  }
  const max = probabilities.length - 1
  return { max, atMost: (value) => (value < 0 ? 0 : (cumulative[Math.min(max, Math.floor(value))] ?? 1)) }
}

/** Normal approximation with continuity correction, for samples whose exact distribution would take too long. */
export function approximateDistribution(max: number, variance: number): NullDistribution {
  const sd = Math.sqrt(variance)
  return {
    max,
    atMost: (value) => (value < 0 ? 0 : normalUpperTail((max / 2 - Math.floor(value) - 0.5) / sd)),
  }
}

/**
 * The largest value c with 2 P(statistic <= c) <= alpha, or -1 when even 0 is too likely.
 * A statistic of c or less on either side is what a two-sided test at `alpha` rejects.
 */
export function criticalValue(distribution: NullDistribution, alpha: number): number {
  let low = -1
  let high = Math.floor(distribution.max / 2)
  while (low < high) {
    const middle = low + Math.ceil((high - low) / 2)
    if (2 * distribution.atMost(middle) <= alpha) low = middle
    else high = middle - 1
  }
  return low
}
