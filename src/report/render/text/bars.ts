const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const

/** A horizontal bar of up to `width` columns, to an eighth of a column. */
export function bar(value: number, max: number, width: number): string {
  if (!(value > 0) || !(max > 0) || width < 1) return ''
  const cells = Math.min(1, value / max) * width
  const whole = Math.floor(cells)
  return '█'.repeat(whole) + (eighths[Math.floor((cells - whole) * 8)] ?? '')
}

interface Interval {
  readonly low: number
  readonly estimate: number
  readonly high: number
}

/**
 * An interval as a line of `width` columns on a scale that several share: `├──●──┤`, with `│` where zero is.
 * Ends beyond the scale are cut.
 */
export function intervalLine(interval: Interval, scale: { min: number; max: number }, width: number): string {
  const span = scale.max - scale.min
  if (!(span > 0) || width < 3) return ''
  const column = (value: number) =>
    Math.max(0, Math.min(width - 1, Math.round(((value - scale.min) / span) * (width - 1))))
  const cells = Array.from({ length: width }, () => ' ')
  if (scale.min <= 0 && scale.max >= 0) cells[column(0)] = '│'
  const [from, at, to] = [column(interval.low), column(interval.estimate), column(interval.high)]
  for (let i = from; i <= to; i++) cells[i] = '─'
  if (from < at) cells[from] = '├'
  if (to > at) cells[to] = '┤'
  cells[at] = '●'
  return cells.join('').trimEnd()
}

/** The scale that holds all intervals, and zero. */
export function sharedScale(intervals: readonly Interval[]): { min: number; max: number } {
  return {
    min: Math.min(0, ...intervals.map((i) => i.low)),
    max: Math.max(0, ...intervals.map((i) => i.high)),
  }
}

/** Columns for a picture beside a table of `used` columns; 0 when a terminal has no room for one worth seeing. */
export function roomFor(columns: number | undefined, used: number): number {
  if (columns === undefined) return 0
  const room = Math.min(40, columns - used - 2)
  return room >= 12 ? room : 0
}

/**
 * Puts a picture behind each row of a table, where the terminal has room for it.
 * @param table heading line and one line per row
 * @param draw the picture of a row (0-based) in so many columns
 * @param columns width of the terminal; undefined without one
 */
export function withPictures(
  table: string,
  draw: (row: number, width: number) => string,
  columns: number | undefined,
): string {
  const lines = table.trimEnd().split('\n')
  const used = Math.max(...lines.map((line) => Array.from(line).length))
  const room = roomFor(columns, used)
  if (room === 0) return lines.join('\n')
  return lines
    .map((line, i) => (i === 0 ? line : `${line.padEnd(used)}  ${draw(i - 1, room)}`.trimEnd()))
    .join('\n')
}
