import type { DeltaRow } from './delta-model.ts'
import type { Pen } from './pen.ts'
import type { LatencyUnit } from './quantity.ts'
import { formatDifference, formatInterval } from './quantity.ts'
import type { Stage } from './stage.ts'
import { cleanText, cssFont, fontSize, space } from './stage.ts'

/** How wide the columns beside the plot are. */
export interface Rooms {
  /** Points for the labels. */
  readonly left: number
  /** Points for verdicts and numbers. */
  readonly right: number
  /** Where the numbers start, from the start of the verdicts. */
  readonly numbers: number
  /** False where only the estimate fits; its interval is drawn anyway. */
  readonly hasIntervals: boolean
}

export function sideRooms(stage: Stage, rows: readonly DeltaRow[], unit: LatencyUnit): Rooms {
  const indent = fontSize(stage, 14)
  const widest = (texts: readonly string[], font: string) =>
    Math.max(0, ...texts.map((text) => stage.measure(cleanText(text), font)))
  const labels = widest(
    rows.map((row) => row.label),
    cssFont(stage, 14),
  )
  const headings = widest(
    rows.map((row) => row.group ?? ''),
    cssFont(stage, 14, 'bold'),
  )
  const left = Math.min(Math.max(labels + indent, headings) + 16, stage.width * 0.34)
  const numbers = stage.measure('cannot tell', cssFont(stage, 14, 'bold')) + space(stage, 14)
  const texts = (hasIntervals: boolean) =>
    numbers +
    fontSize(stage, 16) +
    Math.max(
      widest(
        rows.map((row) => differenceText(row, unit, hasIntervals)),
        cssFont(stage, 13),
      ),
      hasIntervals ? stage.measure('µs [95% interval]', cssFont(stage, 12)) : 0,
    )
  const hasIntervals = left + texts(true) < stage.width * 0.66
  return { left, right: texts(hasIntervals), numbers, hasIntervals }
}

/** What the columns right of the plot hold. */
export function drawHeadings(
  stage: Stage,
  pen: Pen,
  unit: LatencyUnit,
  { x, y, rooms }: { x: number; y: number; rooms: Rooms },
): void {
  pen.font = cssFont(stage, 12)
  pen.fillStyle = stage.theme.muted
  pen.textAlign = 'left'
  pen.textBaseline = 'middle'
  pen.fillText('verdict', x, y)
  pen.fillText(rooms.hasIntervals ? `${unit.symbol} [95% interval]` : unit.symbol, x + rooms.numbers, y)
}

export function drawVerdict(
  stage: Stage,
  pen: Pen,
  row: DeltaRow,
  unit: LatencyUnit,
  place: { x: number; y: number; rooms: Rooms },
): void {
  pen.font = cssFont(stage, 14, 'bold')
  pen.fillStyle = verdictColor(stage, row.verdict)
  pen.fillText(row.verdict ?? '', place.x, place.y)
  pen.font = cssFont(stage, 13)
  pen.fillStyle = stage.theme.text
  pen.fillText(differenceText(row, unit, place.rooms.hasIntervals), place.x + place.rooms.numbers, place.y)
}

export function differenceText(row: DeltaRow, unit: LatencyUnit, hasInterval = true): string {
  if (!row.differenceNs) return 'no value'
  const interval = hasInterval ? formatInterval(row.differenceNs, unit) : ''
  return `${formatDifference(row.differenceNs, unit)} ${interval}`.trimEnd()
}

export function verdictColor(stage: Stage, verdict: DeltaRow['verdict']): string {
  if (verdict === 'slower') return stage.theme.bad
  if (verdict === 'faster') return stage.theme.good
  return stage.theme.muted
}
