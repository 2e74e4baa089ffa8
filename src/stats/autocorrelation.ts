import { midRanks } from './ranks.ts'
import { studentQuantile } from './student-t.ts'

/** How much less a series says because neighbours resemble each other. */
export interface Dependence {
  /** Lag-1 autocorrelation of the ranks, as observed. */
  readonly correlation: number
  /** Number of independent values that would say as much. */
  readonly effectiveN: number
  /** Factor by which an interval must grow; at least 1. */
  readonly widening: number
}

/**
 * Chosen, with the one standard error below, among nine settings in simulations at correlations of 0.5 to 0.9, for at
 * most 6 % false verdicts at 0.69 and 20 rounds. docs/statistics.md says where that does not carry.
 * One in five independent series shows more lag-1 correlation than this many standard errors.
 */
const noticeable = 0.84
/** A correlation nearer to 1 is a trend, and no interval of this kind describes it. */
const largest = 0.95

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

/**
 * What is left of the independence that tests on rounds assume; undefined when nothing speaks against it.
 *
 * Paths shuffled inside a round share its noise, so their difference is as likely positive as negative whatever the
 * noise does, and nothing is lost. But a path can have slow noise of its own (a proxy's threads moved to another
 * core), and then neighbouring differences resemble each other and the exact test rejects too often: in more
 * than a third of simulated A/A campaigns at a correlation of 0.69. So where it shows, it is paid for as first-order autoregressive:
 * n_eff = n (1 - r) / (1 + r), and Student's quantile of n_eff - 1 in place of n - 1
 * (F. W. Zwiers and H. von Storch, Journal of Climate 8, 1995). A short series understates r, so r is corrected for
 * bias, (1 + 3 r) / n (M. G. Kendall, Biometrika 41, 1954), and taken one standard error high.
 */
export function dependence(series: readonly number[], alpha: number): Dependence | undefined {
  const n = series.length
  const correlation = lagOneCorrelation(series)
  if (n < 6 || correlation <= noticeable / Math.sqrt(n) - 1 / n) return undefined
  const unbiased = correlation + (1 + 3 * correlation) / n
  const cautious = unbiased + Math.sqrt(Math.max(0, 1 - unbiased ** 2) / n)
  const r = Math.min(largest, Math.max(0, cautious))
  const varianceRatio = (1 + r) / (1 - r)
  const effectiveN = Math.min(n, Math.max(3, n / varianceRatio))
  const student = studentQuantile(alpha, effectiveN - 1) / studentQuantile(alpha, n - 1)
  return { correlation, effectiveN, widening: Math.max(1, Math.sqrt(varianceRatio) * student) }
}
