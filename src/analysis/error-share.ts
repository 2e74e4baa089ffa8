import { failedOf, sumOutcomes, type Outcomes } from '../results/outcomes.ts'
import type { RunResult } from '../results/schema.ts'
import type { Comparison, Observed } from '../stats/comparison.ts'
import type { StatWarning } from '../stats/warnings.ts'

/** Beyond this share of failed requests there is no verdict on the latencies of the others. */
export const refusedShare = 0.01

/** Failed requests among all that were begun, 0 to 1; 0 when there were none. */
export function failedShare(outcomes: Outcomes): number {
  return outcomes.sent === 0 ? 0 : failedOf(outcomes) / outcomes.sent
}

/** e.g. `12 of 340 requests failed (3.5 %)`. */
export function failedText(outcomes: Outcomes): string {
  const { sent } = outcomes
  return `${failedOf(outcomes)} of ${sent} ${sent === 1 ? 'request' : 'requests'} failed (${percentText(failedShare(outcomes))})`
}

/** A share as people read it: two digits, and never 0 % of something. */
export function percentText(share: number): string {
  const percent = 100 * share
  return share > 0 && percent < 0.01 ? '< 0.01 %' : `${Number(percent.toPrecision(2))} %`
}

/**
 * Puts the failed requests of both sides beside what was observed of the latencies of the others. Failures may have
 * been the slowest requests or the fastest, so where there are many the latencies carry no verdict.
 */
export function withErrorShares<T extends Observed>(
  observed: T,
  sides: readonly { readonly name: string; readonly outcomes: Outcomes }[],
): T {
  const failing = sides.filter(({ outcomes }) => failedOf(outcomes) > 0)
  if (failing.length === 0) return observed
  const refused = failing.some(({ outcomes }) => failedShare(outcomes) > refusedShare)
  const list = failing.map(({ name, outcomes }) => `${name}: ${failedText(outcomes)}`).join('; ')
  const message = refused
    ? `${list}. Latencies are those of the others, and with more than ${percentText(refusedShare)} failed they carry no verdict.`
    : `${list}. Latencies are those of the others.`
  const warning: StatWarning = { code: 'failed-requests', message }
  return { ...observed, refused: observed.refused || refused, warnings: [...observed.warnings, warning] }
}

/** The same for a comparison that has its verdict already. */
export function judgedWithErrors<T extends Comparison>(
  comparison: T,
  sides: Parameters<typeof withErrorShares>[1],
): T {
  const judged = withErrorShares(comparison, sides)
  if (!judged.refused || comparison.refused) return judged
  return { ...judged, verdict: 'cannot tell', unitsNeeded: null }
}

/** How the requests of one path under one load ended, over all rounds, flagged ones too. */
export function outcomesOfPath(runs: readonly RunResult[], path: string, load: string): Outcomes {
  const rounds = runs.flatMap((run) => run.measured.flatMap((round) => round.paths))
  return sumOutcomes(rounds.filter((p) => p.path === path && p.load === load))
}

/** One path under one load on both sides of a comparison. */
export interface ErrorShares {
  readonly path: string
  readonly load: string
  readonly baseline: Outcomes
  readonly contender: Outcomes
}
