/** A value that may come without an interval: one round, or too few of them. */
export interface Measured {
  readonly estimate: number
  readonly interval?: { readonly low: number; readonly high: number } | undefined
}

export interface LatencyUnit {
  readonly symbol: 'µs' | 'ms' | 's'
  readonly ns: number
}

const units: readonly LatencyUnit[] = [
  { symbol: 'µs', ns: 1e3 },
  { symbol: 'ms', ns: 1e6 },
  { symbol: 's', ns: 1e9 },
]

/** The unit in which `maxNs` has at most four digits before the point. One chart panel keeps to one unit. */
export function latencyUnit(maxNs: number): LatencyUnit {
  const found = units.find((unit) => Math.abs(maxNs) < 10_000 * unit.ns)
  return found ?? { symbol: 's', ns: 1e9 }
}

/** Upper end of a measured value: its interval's, or itself. */
export function upper(value: Measured): number {
  return value.interval?.high ?? value.estimate
}

/** `ns` in `unit` with three significant digits, without the unit: `51.4`, `1,240`. */
export function formatLatency(ns: number, unit: LatencyUnit): string {
  const value = ns / unit.ns
  return formatNumber(value, decimalsFor(Math.abs(value)))
}

/** A difference with its sign: `+51.4`, `−0.3`. Decimals follow the width of the interval where there is one. */
export function formatDifference(value: Measured, unit: LatencyUnit): string {
  const decimals = differenceDecimals(value, unit)
  return signed(value.estimate / unit.ns, decimals)
}

/** `[+50.2, +52.6]`, or an empty string without an interval. */
export function formatInterval(value: Measured, unit: LatencyUnit): string {
  if (!value.interval) return ''
  const decimals = differenceDecimals(value, unit)
  const { low, high } = value.interval
  return `[${signed(low / unit.ns, decimals)}, ${signed(high / unit.ns, decimals)}]`
}

function differenceDecimals(value: Measured, unit: LatencyUnit): number {
  if (!value.interval) return decimalsFor(Math.abs(value.estimate / unit.ns))
  const halfWidth = (value.interval.high - value.interval.low) / 2 / unit.ns
  if (halfWidth < 0.01) return decimalsFor(Math.abs(value.estimate / unit.ns))
  return halfWidth < 0.1 ? 2 : halfWidth < 3 ? 1 : 0
}

/** Decimals that leave three significant digits. */
export function decimalsFor(magnitude: number): number {
  return magnitude < 9.995 ? 2 : magnitude < 99.95 ? 1 : 0
}

function signed(value: number, decimals: number): string {
  const text = formatNumber(Math.abs(value), decimals)
  if (Number(text.replaceAll(',', '')) === 0) return text
  return `${value < 0 ? '−' : '+'}${text}`
}

/** Thousands with commas, a real minus sign, fixed decimals. */
export function formatNumber(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return '–'
  const [whole = '0', fraction] = Math.abs(value).toFixed(decimals).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  const isZero = !/[1-9]/.test(whole + (fraction ?? ''))
  return `${value < 0 && !isZero ? '−' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`
}
