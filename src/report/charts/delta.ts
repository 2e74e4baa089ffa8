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

export interface DeltaRow {
  /** What is compared: `gateway − same-network`, `1.27 − 1.26`. */
  readonly label: string
  /** Rows with the same group stand together under its name: `p50`, a path. */
  readonly group?: string | undefined
  /** Positive is slower. Absent when there is nothing to compare. */
  readonly differenceNs?: Measured | undefined
  readonly verdict: 'slower' | 'faster' | 'same' | 'cannot tell'
}

export interface DeltaModel extends Captions {
  readonly rows: readonly DeltaRow[]
  /** Differences up to this much count as none; drawn as a band around zero. */
  readonly negligibleNs?: number | undefined
}

type Line = { readonly heading: string } | { readonly row: DeltaRow }

/** Points that a forest plot of these rows needs in height, to be readable at a width of 1200. */
export function deltaHeight(model: DeltaModel): number {
  return Math.max(400, 190 + linesOf(model.rows).length * 30)
}

/** Forest plot: one difference per row, with its interval, a line at zero and the verdict in words. */
export function deltaChart(model: DeltaModel): Drawing {
  return (stage) => framed(stage, model, deltaConfig(model, stage))
}

function deltaConfig(model: DeltaModel, stage: Stage): ChartConfiguration {
  const lines = linesOf(model.rows)
  const reach = reachNs(model)
  const unit = latencyUnit(reach)
  const room = stage.width / 4
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
          min: -reach / unit.ns,
          max: reach / unit.ns,
          title: axisTitle(stage, `difference, ${unit.symbol}: left is faster, right is slower`),
          ...axisLook(stage),
          ticks: {
            ...tickLook(stage),
            includeBounds: false,
            maxTicksLimit: 9,
            callback: (value) =>
              Number(value) > 0 ? `+${formatTick(Number(value))}` : formatTick(Number(value)),
          },
        },
        y: { ...sideAxis('left', lines.length), afterFit: (scale) => void (scale.width = room) },
        verdicts: {
          ...sideAxis('right', lines.length),
          afterFit: (scale) => void (scale.width = room * 1.06),
        },
      },
      plugins: {
        tooltip: {
          callbacks: {
            title: () => '',
            label: ({ dataIndex }) => {
              const at = lines[dataIndex]
              return at && 'row' in at
                ? `${at.row.label}: ${differenceText(at.row, unit)} ${at.row.verdict}`
                : ''
            },
          },
        },
      },
    },
    plugins: [
      forestMarks(stage, model, lines, unit, reach),
      emptyNotice(stage, model.rows.length === 0, 'nothing to compare'),
    ],
  }
}

function forestMarks(
  stage: Stage,
  model: DeltaModel,
  lines: readonly Line[],
  unit: LatencyUnit,
  reach: number,
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
          pen.fillStyle = stage.theme.grid
          pen.globalAlpha = 0.6
          const from = at(-model.negligibleNs)
          pen.fillRect(from, top, at(model.negligibleNs) - from, bottom - top)
          pen.globalAlpha = 1
        }
        pen.strokeStyle = stage.theme.text
        pen.lineWidth = 1.2
        line(pen, [at(0), top], [at(0), bottom])
        for (const [index, entry] of lines.entries()) {
          const middle = y.getPixelForValue(index)
          pen.textBaseline = 'middle'
          pen.textAlign = 'left'
          const edge = chart.width - (left - y.left) - y.left
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
          drawVerdict(stage, pen, row, unit, { x: right + fontSize(stage, 12), y: middle, width: edge })
        }
      })
    },
  }
}

function drawInterval(
  stage: Stage,
  pen: Pen,
  row: DeltaRow,
  place: { at: (ns: number) => number; reach: number; middle: number },
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
    const back = Math.abs(end) > reach ? Math.sign(end) * 1.6 * cap : 0
    line(pen, [x - back, middle - cap], [x, middle], [x - back, middle + cap])
  }
}

function drawVerdict(
  stage: Stage,
  pen: Pen,
  row: DeltaRow,
  unit: LatencyUnit,
  place: { x: number; y: number; width: number },
): void {
  const bold = cssFont(stage, 14, 'bold')
  pen.font = bold
  pen.fillStyle = verdictColor(stage, row.verdict)
  pen.fillText(row.verdict, place.x, place.y)
  pen.font = cssFont(stage, 12.5)
  pen.fillStyle = stage.theme.muted
  pen.fillText(
    differenceText(row, unit),
    place.x + stage.measure('cannot tell', bold) + space(stage, 10),
    place.y,
  )
}

function differenceText(row: DeltaRow, unit: LatencyUnit): string {
  if (!row.differenceNs) return 'no value'
  const interval = formatInterval(row.differenceNs, unit)
  return `${formatDifference(row.differenceNs, unit)} ${interval}`.trimEnd()
}

function verdictColor(stage: Stage, verdict: DeltaRow['verdict']): string {
  if (verdict === 'slower') return stage.theme.bad
  if (verdict === 'faster') return stage.theme.good
  return stage.theme.muted
}

/**
 * Half the width of the axis: far enough for every estimate and every interval that says something. Intervals that
 * cannot tell may be far wider, and are cut unless there is nothing else to show.
 */
function reachNs({ rows, negligibleNs = 0 }: DeltaModel): number {
  const ends = ({ differenceNs: d }: DeltaRow) =>
    d ? Math.max(...[d.interval?.low, d.interval?.high, d.estimate].map((ns) => Math.abs(ns ?? 0))) : 0
  const telling = rows.filter((row) => row.verdict !== 'cannot tell').map(ends)
  const estimates = rows.map((row) => Math.abs(row.differenceNs?.estimate ?? 0))
  const farthest = telling.some((ns) => ns > 0)
    ? Math.max(...telling, ...estimates)
    : Math.max(0, ...rows.map(ends))
  return Math.max(1e3, farthest, negligibleNs * 1.5) * 1.12
}

function clamp(ns: number, reach: number): number {
  return Math.max(-reach, Math.min(reach, ns))
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
    min: -0.6,
    max: Math.max(1, count) - 0.4,
    reverse: true,
    grid: off,
    ticks: off,
    border: off,
  }
}
