import type { Plugin } from 'chart.js'
import type { LadderPath } from './ladder-model.ts'
import type { Pen } from './pen.ts'
import { haloText, haloWhisker, line, withPen } from './pen.ts'
import type { LatencyUnit } from './quantity.ts'
import { formatDifference, formatInterval, formatLatency, upper } from './quantity.ts'
import type { Stage } from './stage.ts'
import { cssFont, fittingFont, fontSize, space, wordsFit, wrapText } from './stage.ts'
import { componentColor } from './topology-colors.ts'

interface Units {
  readonly p50Unit: LatencyUnit
  readonly p99Unit: LatencyUnit
}

interface Column {
  readonly path: LadderPath
  readonly x: number
  readonly halfBar: number
  readonly y: (ns: number) => number
}

interface Panel {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Intervals, values, and the steps between the bars of a ladder. */
export function ladderMarks(stage: Stage, paths: readonly LadderPath[], units: Units): Plugin {
  return {
    id: 'hopmeter-ladder-marks',
    beforeDatasetsDraw: (chart) => {
      const pen = chart.ctx as unknown as Pen
      const [x, p99] = [chart.scales['x'], chart.scales['p99']]
      if (!x || !p99 || chart.getDatasetMeta(1).hidden) return
      withPen(pen, () => {
        for (const [index, { p99Ns }] of paths.entries()) {
          const y = (ns: number) => p99.getPixelForValue(ns / units.p99Unit.ns)
          if (p99Ns) drawInterval(stage, pen, x.getPixelForValue(index), p99Ns, y, 6)
        }
      })
    },
    afterDatasetsDraw: (chart) => {
      const pen = chart.ctx as unknown as Pen
      const [x, p50, p99] = [chart.scales['x'], chart.scales['p50'], chart.scales['p99']]
      if (!x || !p50) return
      const bars = chart.getDatasetMeta(0)
      const columns = paths.map((path, index): Column => {
        const bar = bars.data[index] as { width?: number } | undefined
        return {
          path,
          x: x.getPixelForValue(index),
          halfBar: (Number.isFinite(bar?.width) ? (bar?.width ?? 0) : 40) / 2,
          y: (ns) => p50.getPixelForValue(ns / units.p50Unit.ns),
        }
      })
      withPen(pen, () => {
        const { left, right } = chart.chartArea
        const panel = { left, right, top: p50.top, bottom: p50.bottom }
        if (!bars.hidden) drawBars(stage, pen, columns, units.p50Unit, panel)
        if (p99 && !chart.getDatasetMeta(1).hidden) {
          drawTails(stage, pen, columns, units.p99Unit, (ns) => p99.getPixelForValue(ns / units.p99Unit.ns))
        }
      })
    },
  }
}

function drawBars(stage: Stage, pen: Pen, columns: readonly Column[], unit: LatencyUnit, panel: Panel): void {
  for (const [index, column] of columns.entries()) drawAddedPart(stage, pen, columns[index - 1], column)
  drawBaseline(stage, pen, panel)
  for (const [index, column] of columns.entries()) {
    const value = column.path.p50Ns
    if (!value) {
      drawNote(stage, pen, column, panel.bottom)
      continue
    }
    drawInterval(stage, pen, column.x, value, column.y, Math.min(9, column.halfBar * 0.5))
    drawValue(stage, pen, column, formatLatency(value.estimate, unit), unit)
    const before = columns[index - 1]
    if (before?.path.p50Ns && column.path.step) drawStep(stage, pen, before, column, unit, panel)
  }
}

/** The top of a bar, from the height of the bar before: what the step between them costs. */
function drawAddedPart(stage: Stage, pen: Pen, before: Column | undefined, column: Column): void {
  const [from, to] = [before?.path.p50Ns, column.path.p50Ns]
  if (!from || !to || column.path.step?.isClear !== true || to.estimate <= from.estimate) return
  const top = column.y(to.estimate)
  pen.fillStyle = stepColor(stage, column.path)
  pen.fillRect(column.x - column.halfBar, top, 2 * column.halfBar, column.y(from.estimate) - top)
}

/** A step has the colour of the component that it adds; without a verdict it has none. */
function stepColor(stage: Stage, { step }: LadderPath): string {
  if (step?.isClear !== true) return stage.theme.muted
  return step.adds === undefined ? stage.theme.text : componentColor(stage.theme, step.adds).fill
}

/** The foot of the bars: with a second panel below, the x axis is not there to draw it. */
function drawBaseline(stage: Stage, pen: Pen, panel: Panel): void {
  pen.strokeStyle = stage.theme.axis
  pen.lineWidth = 1
  line(pen, [panel.left, panel.bottom], [panel.right, panel.bottom])
}

function drawInterval(
  stage: Stage,
  pen: Pen,
  x: number,
  value: { readonly interval?: { readonly low: number; readonly high: number } | undefined },
  y: (ns: number) => number,
  cap: number,
): void {
  if (!value.interval) return
  const ends = { x, y: y(Math.max(0, value.interval.low)), toX: x, toY: y(value.interval.high) }
  haloWhisker(pen, ends, cap, stage.theme)
}

function drawValue(stage: Stage, pen: Pen, column: Column, number: string, unit: LatencyUnit): void {
  const value = column.path.p50Ns
  if (!value) return
  const room = column.halfBar * 2 + 4
  const text = withUnit(stage, number, unit, cssFont(stage, 15, 'bold'), room)
  pen.font = fittingFont(stage, text, 15, 'bold', room)
  pen.fillStyle = stage.theme.text
  pen.textAlign = 'center'
  pen.textBaseline = 'bottom'
  haloText(pen, text, column.x, column.y(upper(value)) - space(stage, 5), stage.theme.background)
}

/** The number with its unit where there is room; the axis names the unit anyway. */
function withUnit(stage: Stage, number: string, unit: LatencyUnit, font: string, width: number): string {
  const text = `${number} ${unit.symbol}`
  return stage.measure(text, font) <= width ? text : number
}

function drawNote(stage: Stage, pen: Pen, column: Column, bottom: number): void {
  const lines = wrapText(
    stage,
    column.path.note ?? 'no value',
    cssFont(stage, 12.5),
    Math.max(60, column.halfBar * 2.6),
    4,
  )
  pen.font = cssFont(stage, 12.5)
  pen.fillStyle = stage.theme.muted
  pen.textAlign = 'center'
  pen.textBaseline = 'bottom'
  for (const [index, text] of lines.toReversed().entries()) {
    pen.fillText(text, column.x, bottom - space(stage, 8) - index * fontSize(stage, 15))
  }
}

/** A dashed line at the height of the bar before, and above it, in the gap, what the next one adds. */
function drawStep(
  stage: Stage,
  pen: Pen,
  before: Column,
  column: Column,
  unit: LatencyUnit,
  panel: Panel,
): void {
  const { step } = column.path
  const from = before.path.p50Ns
  if (!step || !from) return
  const left = before.x + before.halfBar
  const right = column.x - column.halfBar
  const y = before.y(from.estimate)
  const color = stepColor(stage, column.path)
  pen.strokeStyle = color
  pen.lineWidth = 1.4
  pen.setLineDash([4, 3])
  line(pen, [left, y], [right, y])
  pen.setLineDash([])
  const width = right - left - 8
  const small = cssFont(stage, 12)
  const interval = formatInterval(step.addsNs, unit)
  const difference = formatDifference(step.addsNs, unit)
  const text = withUnit(stage, difference, unit, cssFont(stage, 15, 'bold'), width)
  const strong = fittingFont(stage, text, 15, 'bold', width)
  // With many paths in a small picture there is no room for numbers between the bars; their tops show the steps.
  if (stage.measure(text, strong) > right - left) return
  const label = wordsFit(stage, step.label, small, width) ? wrapText(stage, step.label, small, width, 3) : []
  const lines = [
    ...label.map((words) => ({ text: words, isDifference: false })),
    { text, isDifference: true },
    ...(interval === '' || stage.measure(interval, small) > width
      ? []
      : [{ text: interval, isDifference: false }]),
    ...(step.factor !== undefined && wordsFit(stage, step.factor, small, width)
      ? wrapText(stage, step.factor, small, width, 2).map((words) => ({ text: words, isDifference: false }))
      : []),
  ]
  const height = fontSize(stage, 16)
  const start = Math.max(panel.top + height, y - space(stage, 6) - (lines.length - 1) * height)
  pen.textAlign = 'center'
  pen.textBaseline = 'bottom'
  for (const [index, part] of lines.entries()) {
    pen.font = part.isDifference ? strong : small
    pen.fillStyle = part.isDifference ? color : stage.theme.muted
    haloText(pen, part.text, (left + right) / 2, start + index * height, stage.theme.background)
  }
}

function drawTails(
  stage: Stage,
  pen: Pen,
  columns: readonly Column[],
  unit: LatencyUnit,
  y: (ns: number) => number,
): void {
  for (const column of columns) {
    const value = column.path.p99Ns
    if (!value) continue
    const text = formatLatency(value.estimate, unit)
    pen.font = fittingFont(stage, text, 13, 'normal', column.halfBar * 4)
    pen.fillStyle = stage.theme.text
    pen.textAlign = 'center'
    pen.textBaseline = 'bottom'
    haloText(
      pen,
      text,
      column.x,
      Math.min(y(upper(value)), y(value.estimate) - 6) - 4,
      stage.theme.background,
    )
  }
}
