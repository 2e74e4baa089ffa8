import type { ChartConfiguration, Plugin } from 'chart.js'
import { axisLook, axisTitle, formatTick, tickLook } from './axes.ts'
import type { Captions } from './frame.ts'
import { framed } from './frame.ts'
import { emptyNotice } from './line-series.ts'
import type { Pen } from './pen.ts'
import { line, withPen } from './pen.ts'
import type { LatencyUnit, Measured } from './quantity.ts'
import { formatDifference, formatInterval, latencyUnit } from './quantity.ts'
import type { Drawing, Stage } from './stage.ts'
import { cleanText, cssFont, ellipsize, fontSize, space } from './stage.ts'
import { fade } from './theme.ts'

export interface DeltaRow {
  /** What is compared: `gateway − same-network`, `1.27 − 1.26`. */
  readonly label: string
  /** Rows with the same group stand together under its name: `p50`, a path. */
  readonly group?: string | undefined
  /** Positive is slower. Absent when there is nothing to compare. */
  readonly differenceNs?: Measured | undefined
  /** null: a noise floor, which is a number and no finding. */
  readonly verdict: 'slower' | 'faster' | 'same' | 'cannot tell' | null
}

export interface DeltaModel extends Captions {
  readonly rows: readonly DeltaRow[]
  /** Differences up to this much count as none; drawn as a band around zero. */
  readonly negligibleNs?: number | undefined
}

type Line = { readonly heading: string } | { readonly row: DeltaRow }

/** Points of height that a forest plot of these rows needs besides its frame. */
export function deltaHeight(model: DeltaModel, stage: Stage): number {
  const axis = fontSize(stage, 14) * 5.5
  return Math.max(fontSize(stage, 140), axis + (linesOf(model.rows).length + 1.3) * fontSize(stage, 14) * 2.1)
}

/** Forest plot: one difference per row, with its interval, a line at zero and the verdict in words. */
export function deltaChart(model: DeltaModel): Drawing {
  return (stage) => framed(stage, model, deltaConfig(model, stage))
}

function deltaConfig(model: DeltaModel, stage: Stage): ChartConfiguration {
  const lines = linesOf(model.rows)
  const reach = reachNs(model)
  const unit = latencyUnit(Math.max(-reach.low, reach.high))
  const rooms = sideRooms(stage, model.rows, unit)
  return {
    type: 'scatter',
    data: {
      datasets: [
        {
          label: 'difference',
          data: lines.map((l, y) => ({
            x:
              'row' in l && l.row.differenceNs
                ? clamp(l.row.differenceNs.estimate, reach) / unit.ns
                : Number.NaN,
            y,
          })),
          pointStyle: 'rect',
          pointRadius: stage.width / 260,
          pointHoverRadius: stage.width / 200,
          backgroundColor: lines.map((l) =>
            'row' in l ? verdictColor(stage, l.row.verdict) : 'transparent',
          ),
          borderWidth: 0,
        },
      ],
    },
    options: {
      scales: {
        x: {
          type: 'linear',
          min: reach.low / unit.ns,
          max: reach.high / unit.ns,
          title: axisTitle(stage, `difference, ${unit.symbol} (right of zero is slower)`),
          ...axisLook(stage),
          ticks: {
            ...tickLook(stage),
            includeBounds: false,
            maxTicksLimit: 9,
            callback: (value) =>
              Number(value) > 0 ? `+${formatTick(Number(value))}` : formatTick(Number(value)),
          },
        },
        y: { ...sideAxis('left', lines.length), afterFit: (scale) => void (scale.width = rooms.left) },
        verdicts: {
          ...sideAxis('right', lines.length),
          afterFit: (scale) => void (scale.width = rooms.right),
        },
      },
      plugins: {
        tooltip: {
          callbacks: {
            title: () => '',
            label: ({ dataIndex }) => {
              const at = lines[dataIndex]
              return at && 'row' in at
                ? `${at.row.label}: ${differenceText(at.row, unit)} ${at.row.verdict ?? ''}`
                : ''
            },
          },
        },
      },
    },
    plugins: [
      forestMarks(stage, model, lines, { unit, reach, rooms }),
      emptyNotice(stage, model.rows.length === 0, 'nothing to compare'),
    ],
  }
}

function forestMarks(
  stage: Stage,
  model: DeltaModel,
  lines: readonly Line[],
  { unit, reach, rooms }: { unit: LatencyUnit; reach: Reach; rooms: Rooms },
): Plugin {
  return {
    id: 'hopmeter-forest',
    beforeDatasetsDraw: (chart) => {
      const pen = chart.ctx as unknown as Pen
      const [x, y] = [chart.scales['x'], chart.scales['y']]
      if (!x || !y) return
      const { left, right, top, bottom } = chart.chartArea
      const at = (ns: number) => x.getPixelForValue(clamp(ns, reach) / unit.ns)
      withPen(pen, () => {
        if (model.negligibleNs !== undefined) {
          pen.fillStyle = fade(stage.theme.axis, 0.3)
          const from = at(-model.negligibleNs)
          pen.fillRect(from, top, at(model.negligibleNs) - from, bottom - top)
        }
        pen.strokeStyle = stage.theme.text
        pen.lineWidth = 1.2
        line(pen, [at(0), top], [at(0), bottom])
        if (lines.length > 0)
          drawHeadings(stage, pen, unit, {
            x: right + fontSize(stage, 12),
            y: y.getPixelForValue(-0.9),
            rooms,
          })
        for (const [index, entry] of lines.entries()) {
          const middle = y.getPixelForValue(index)
          pen.textBaseline = 'middle'
          pen.textAlign = 'left'
          if ('heading' in entry) {
            pen.font = cssFont(stage, 14, 'bold')
            pen.fillStyle = stage.theme.text
            pen.fillText(ellipsize(stage, entry.heading, pen.font, left - y.left - 8), y.left, middle)
            continue
          }
          const { row } = entry
          const font = cssFont(stage, 14)
          pen.font = font
          pen.fillStyle = stage.theme.text
          const indent = row.group === undefined ? 0 : fontSize(stage, 14)
          pen.fillText(
            ellipsize(stage, cleanText(row.label) || '(no name)', font, left - y.left - indent - 10),
            y.left + indent,
            middle,
          )
          drawInterval(stage, pen, row, { at, reach, middle })
          drawVerdict(stage, pen, row, unit, { x: right + fontSize(stage, 12), y: middle, rooms })
        }
      })
    },
  }
}

function drawInterval(
  stage: Stage,
  pen: Pen,
  row: DeltaRow,
  place: { at: (ns: number) => number; reach: Reach; middle: number },
): void {
  const interval = row.differenceNs?.interval
  if (!interval) return
  const { at, reach, middle } = place
  pen.strokeStyle = verdictColor(stage, row.verdict)
  pen.lineWidth = 2.2
  line(pen, [at(interval.low), middle], [at(interval.high), middle])
  const cap = space(stage, 5)
  for (const end of [interval.low, interval.high]) {
    const x = at(end)
    // An interval that leaves the picture ends in an arrow head.
    const back = end > reach.high || end < reach.low ? Math.sign(end) * 1.6 * cap : 0
    line(pen, [x - back, middle - cap], [x, middle], [x - back, middle + cap])
  }
}

function drawVerdict(
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

/** What the columns right of the plot hold. */
function drawHeadings(
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

interface Rooms {
  /** Points for the labels. */
  readonly left: number
  /** Points for verdicts and numbers. */
  readonly right: number
  /** Where the numbers start, from the start of the verdicts. */
  readonly numbers: number
  /** False where only the estimate fits; its interval is drawn anyway. */
  readonly hasIntervals: boolean
}

function sideRooms(stage: Stage, rows: readonly DeltaRow[], unit: LatencyUnit): Rooms {
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

function differenceText(row: DeltaRow, unit: LatencyUnit, hasInterval = true): string {
  if (!row.differenceNs) return 'no value'
  const interval = hasInterval ? formatInterval(row.differenceNs, unit) : ''
  return `${formatDifference(row.differenceNs, unit)} ${interval}`.trimEnd()
}

function verdictColor(stage: Stage, verdict: DeltaRow['verdict']): string {
  if (verdict === 'slower') return stage.theme.bad
  if (verdict === 'faster') return stage.theme.good
  return stage.theme.muted
}

interface Reach {
  readonly low: number
  readonly high: number
}

/**
 * Ends of the axis, in ns: zero is on it, and every estimate and every interval that says something. Intervals that
 * cannot tell may be far wider, and are cut unless there is nothing else to show.
 */
function reachNs({ rows, negligibleNs = 0 }: DeltaModel): Reach {
  const ends = ({ differenceNs: d }: DeltaRow) => (d ? [d.interval?.low, d.interval?.high, d.estimate] : [])
  const telling = rows.filter((row) => row.verdict !== 'cannot tell').flatMap(ends)
  const estimates = rows.map((row) => row.differenceNs?.estimate)
  const chosen = telling.some((ns) => ns !== undefined && ns !== 0)
    ? [...telling, ...estimates]
    : rows.flatMap(ends)
  const values = [0, ...chosen.filter((ns) => ns !== undefined)]
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const margin = Math.max(0.08 * (most - least), 1.5 * negligibleNs, 500)
  return { low: least - margin, high: most + margin }
}

function clamp(ns: number, reach: Reach): number {
  return Math.max(reach.low, Math.min(reach.high, ns))
}

function linesOf(rows: readonly DeltaRow[]): Line[] {
  const groups = [...new Set(rows.map((row) => row.group))]
  return groups.flatMap((group) => [
    ...(group === undefined ? [] : [{ heading: cleanText(group) || '(no name)' }]),
    ...rows.filter((row) => row.group === group).map((row) => ({ row })),
  ])
}

function sideAxis(position: 'left' | 'right', count: number) {
  const off = { display: false }
  return {
    type: 'linear' as const,
    position,
    // Room for the headings of the columns.
    min: count === 0 ? -0.6 : -1.3,
    max: Math.max(1, count) - 0.4,
    reverse: true,
    grid: off,
    ticks: off,
    border: off,
  }
}
