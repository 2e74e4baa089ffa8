/** Milliseconds per unit of a Go duration. Both code points that people type for micro are accepted, as Go does. */
const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

const part = String.raw`(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)`

/** Regular expression source of a Go duration without a sign. */
export const durationPattern = `^(?:${part})+$`

const whole = new RegExp(durationPattern)

/**
 * Reads a Go duration (`5s`, `300ms`, `1m30s`) as milliseconds, to the nanosecond.
 * Undefined when it is none: a bare number, a negative one, or text.
 */
export function parseDuration(text: string): number | undefined {
  if (!whole.test(text)) return undefined
  let ms = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    ms += Number(amount) * (unitMs[unit!] ?? Number.NaN)
  }
  return Number.isFinite(ms) ? Math.round(ms * 1e6) / 1e6 : undefined
}

/** Writes milliseconds (0 or more) as Go would: `1m30s`, `1.5s`, `300ms`, `50µs`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  if (ms < 1e-3) return `${trimmed(ms * 1e6)}ns`
  if (ms < 1) return `${trimmed(ms * 1e3)}µs`
  if (ms < 1000) return `${trimmed(ms)}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = trimmed((ms % 60_000) / 1000)
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`
}

/** At most nine decimals and no exponent, as durations are written. */
function trimmed(value: number): string {
  return value.toFixed(9).replace(/\.?0+$/, '')
}
