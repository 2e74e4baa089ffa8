import { midRanks } from './ranks.ts'

/**
 * Lag-1 autocorrelation of the ranks of a series in time order. Ranks, because one burst among raw values hides any
 * dependence. 0 for fewer than three values or when all are equal.
 */
export function lagOneCorrelation(series: readonly number[]): number {
  const ranks = midRanks(series)
  const centre = (series.length + 1) / 2
  let products = 0
  let squares = 0
  for (const [i, rank] of ranks.entries()) {
    squares += (rank - centre) ** 2
    if (i > 0) products += (rank - centre) * ((ranks[i - 1] ?? centre) - centre)
  }
  return series.length < 3 || squares === 0 ? 0 : products / squares
}
