/** Nanoseconds as microseconds: three significant digits below 100 µs, whole numbers above 1 ms. */
export function formatUs(ns: number): string {
  const us = ns / 1000
  const size = Math.abs(us)
  const digits = size < 10 ? 2 : size < 1000 ? 1 : 0
  return us.toFixed(digits)
}

/** With its sign: `+62.5`, `−0.3`; a true minus sign, as in print. */
export function formatDeltaUs(ns: number): string {
  const text = formatUs(Math.abs(ns))
  return Number(text) === 0 ? text : `${ns < 0 ? '−' : '+'}${text}`
}

/** `[19.4, 19.7]`, or `-` where there is no interval. */
export function formatInterval(
  low: number | null,
  high: number | null,
  format: (ns: number) => string,
): string {
  return low === null || high === null ? '-' : `[${format(low)}, ${format(high)}]`
}
