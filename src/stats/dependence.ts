import { hodgesLehmann } from './location.ts'
import { normalUpperQuantile, normalUpperTail } from './normal.ts'
import { midRanks } from './ranks.ts'
import { hypotheses, type Hypotheses } from './dependence-models.ts'

/** How much less a series says because neighbours may resemble each other. */
export interface Dependence {
  /** Lag-1 autocorrelation of the ranks, as observed. */
  readonly correlation: number
  /** How much likelier the series is under slow noise than under independence (Bayes factor). */
  readonly evidence: number
  /** Factor by which an interval must grow; at least 1. */
  readonly widening: number
}

/**
 * The three constants were chosen together among some forty settings, by simulating the noise that `bench/stats.ts`
 * calls "slow noise", for at most 6 % false verdicts from 20 rounds on. docs/statistics.md says what that costs and
 * where it does not carry.
 */
const priorOfIndependence = 0.4
/** From this evidence on all parts of a run must agree. */
const suspicious = 0.3
/** How far, in half-widths of the interval of independent rounds, the parts may be from where they are. */
const marginOfParts = 3
const parts = 4
const fewestPerPart = 2
/** Fewer rounds promise less (docs/statistics.md); a full margin would leave them nothing to say. */
const fullMarginFrom = 20

/**
 * What may be left of the independence that tests on rounds assume.
 *
 * Paths shuffled inside a round share its noise, so their difference is as likely positive as negative whatever the
 * noise does. But a path can have slow noise of its own (a proxy's threads moved to another core), and the exact test
 * then rejects too often: drift that lasts as long as half the run looks like a difference. Twenty rounds cannot rule
 * that out, only make it less likely, so instead of a test for dependence, which few rounds mostly fail, three
 * hypotheses are weighed by how well they explain the series (`hypotheses`): independent rounds, slow noise, and slow
 * noise under as much fast noise. The widening is the mixture's interval over that of independent rounds. More
 * rounds decide more clearly: under independence the factor falls from about 1.5 at 20 rounds to 1.1 at 40.
 * @returns undefined for fewer than six values, or when all are equal
 */
export function dependence(series: readonly number[], alpha: number): Dependence | undefined {
  const n = series.length
  if (n < 6) return undefined
  const ranks = midRanks(series)
  if (ranks.every((rank) => rank === ranks[0])) return undefined
  const weighed = hypotheses(ranks.map((rank) => normalScore(rank, n)))
  return {
    correlation: lagOneCorrelation(series),
    evidence: evidenceOf(weighed),
    widening: mixtureWidening(weighed, alpha),
  }
}

/**
 * The widening that makes an interval reach all parts of a run, where there is reason to suspect slow noise: a
 * difference that only some quarters of the run show is a drift as much as a difference.
 * @param reach what the interval of independent rounds extends below and above the estimate
 */
export function wideningToReachParts(
  series: readonly number[],
  estimate: number,
  reach: { readonly below: number; readonly above: number },
  evidence: number,
): number {
  const n = series.length
  if (n < parts * fewestPerPart || evidence <= suspicious || !(reach.below > 0 && reach.above > 0)) return 1
  const levels = Array.from({ length: parts }, (_, part) =>
    hodgesLehmann(series.slice(Math.round((part * n) / parts), Math.round(((part + 1) * n) / parts))),
  )
  const margin = ((marginOfParts * (reach.below + reach.above)) / 2) * Math.min(1, n / fullMarginFrom)
  const low = Math.min(...levels) - margin
  const high = Math.max(...levels) + margin
  return Math.max(1, (estimate - low) / reach.below, (high - estimate) / reach.above)
}

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

/** The standard normal value of a rank; ranks as far from either end get the same with opposite signs, to the last bit. */
function normalScore(rank: number, n: number): number {
  const [below, above] = [rank - 0.5, n - rank + 0.5]
  if (below === above) return 0
  const score = normalUpperQuantile(Math.min(below, above) / n)
  return below < above ? -score : score
}

function evidenceOf({ independent, slow }: Hypotheses): number {
  return slow.reduce((sum, { likelihood }) => sum + likelihood, 0) / slow.length / independent.likelihood
}

/** Half-width of the mixture over that of independence, by halving on a logarithmic scale. */
function mixtureWidening({ independent, slow }: Hypotheses, alpha: number): number {
  const weighed = [
    { ...independent, weight: priorOfIndependence * independent.likelihood },
    ...slow.map((one) => ({ ...one, weight: ((1 - priorOfIndependence) / slow.length) * one.likelihood })),
  ]
  const total = weighed.reduce((sum, { weight }) => sum + weight, 0)
  const z = normalUpperQuantile(alpha / 2)
  /** Chance that the mean lies further out than `factor` half-widths of independence. */
  const tail = (factor: number) =>
    weighed.reduce(
      (sum, { weight, sd }) => sum + (weight / total) * 2 * normalUpperTail((factor * z) / sd),
      0,
    )
  // Twice alpha: the factor never falls below 1, which already keeps alpha where rounds are independent.
  if (tail(1) <= 2 * alpha) return 1
  let low = 1
  let high = 2 * Math.max(...slow.map(({ sd }) => sd)) * (normalUpperQuantile(Math.min(alpha, 0.5)) / z + 1)
  for (let i = 0; i < 40; i++) {
    const middle = Math.sqrt(low * high)
    if (tail(middle) > 2 * alpha) low = middle
    else high = middle
  }
  return high
}
