import type { Costs } from '../stats/design.ts'

/** Where no run tells what a testbed of clusters takes: measured with four clusters on two CPUs (docs/verified-on-kind.md). */
export const usualCosts = { roundOverheadMs: 1500, restartMs: 25_000, buildMs: 240_000 } as const

/**
 * How long a run takes whose variants each have starts of their own, ms.
 * @param costs of a run like it, for all of its variants together, where there is one
 */
export function switchedRunMs(
  {
    count,
    durationMs,
    warmupMs,
    restarts,
    builds,
  }: Record<'count' | 'durationMs' | 'warmupMs' | 'restarts' | 'builds', number>,
  variants: number,
  costs: Costs | null,
): number {
  const start = costs ? costs.restartMs : variants * (usualCosts.restartMs + warmupMs)
  const round = costs ? costs.roundMs : variants * (usualCosts.roundOverheadMs + durationMs)
  return builds * ((costs?.buildMs ?? usualCosts.buildMs) + restarts * (start + count * round))
}
