import { median } from 'simple-statistics'

/** A quantile of one round is printed only when this many of its requests lie beyond it. */
const requestsBeyond = 10

/** Requests that one round needs to carry quantile `q` (0 < q < 1): n (1 - q) >= 10. p50 needs 20, p99 1,000. */
export function requestsToCarry(q: number): number {
  // 1 - 0.99 is not exactly 0.01; without the tolerance p99 would need 1,001.
  return Math.ceil(requestsBeyond / (1 - q) - 1e-6)
}

/** Whether rounds of this size carry quantile `q`; the median round decides, so one stalled round does not. */
export function isQuantileCarried(q: number, requestsPerRound: readonly number[]): boolean {
  return requestsPerRound.length > 0 && median([...requestsPerRound]) >= requestsToCarry(q)
}

/** Those of `quantiles` that rounds of this size carry. */
export function carriedQuantiles(
  quantiles: readonly number[],
  requestsPerRound: readonly number[],
): readonly number[] {
  return quantiles.filter((q) => isQuantileCarried(q, requestsPerRound))
}
