import type { Margin } from '../stats/comparison.ts'
import type { Interval } from '../stats/scale.ts'

/** What stands where there is no value. */
export const noValue = '-'

/** Nanoseconds as microseconds: three significant digits below 100 µs, whole numbers above 1 ms. */
export function formatUs(ns: number | null | undefined): string {
  if (ns === null || ns === undefined) return noValue
  const us = ns / 1000
  const size = Math.abs(us)
  const digits = size < 10 ? 2 : size < 1000 ? 1 : 0
  return us.toFixed(digits)
}

/** With its sign: `+62.5`, `−0.3`; a true minus sign, as in print. */
export function formatDeltaUs(ns: number | null | undefined): string {
  if (ns === null || ns === undefined) return noValue
  const text = formatUs(Math.abs(ns))
  return Number(text) === 0 ? text : `${ns < 0 ? '−' : '+'}${text}`
}

/** A factor: `×1.51`; three digits behind the point near 1, where they are what is asked for. */
export function formatFactor(factor: number): string {
  return `×${formatPlainFactor(factor)}`
}

function formatPlainFactor(factor: number): string {
  return factor.toFixed(factor > 0.9 && factor < 1.1 ? 3 : 2)
}

/** `×1.51 [1.49, 1.53]`, or `-` without an estimate. */
export function formatRatio(ratio: Interval | null): string {
  if (ratio === null) return noValue
  const interval = formatInterval(ratio.low, ratio.high, formatPlainFactor)
  return interval === noValue ? formatFactor(ratio.estimate) : `${formatFactor(ratio.estimate)} ${interval}`
}

/** `[19.4, 19.7]`, or `-` where there is no interval. */
export function formatInterval(
  low: number | null,
  high: number | null,
  format: (ns: number) => string,
): string {
  return low === null || high === null ? noValue : `[${format(low)}, ${format(high)}]`
}

/** What does not matter: `±5 µs`, `±1 %`, or both. */
export function formatMargin({ deltaNs, deltaShare }: Margin): string {
  const parts = [
    ...(deltaNs === null ? [] : [`±${formatUs(deltaNs)} µs`]),
    ...(deltaShare === null ? [] : [`±${Number((100 * deltaShare).toPrecision(3))} %`]),
  ]
  return parts.length === 0 ? 'nothing' : parts.join(' and ')
}

/** e.g. `12,345`. */
export function formatCount(count: number | null | undefined): string {
  return count === null || count === undefined ? noValue : count.toLocaleString('en')
}

/** A share from 0 to 1 as `93 %`. */
export function formatShare(share: number | null | undefined): string {
  return share === null || share === undefined ? noValue : `${Math.round(100 * share)} %`
}

/** A p-value; below a thousandth its digits say nothing more. */
export function formatProbability(p: number | null): string {
  if (p === null) return noValue
  return p < 0.001 ? '< 0.001' : p.toFixed(3)
}
