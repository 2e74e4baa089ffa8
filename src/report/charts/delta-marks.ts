import type { Plugin } from 'chart.js'
import { drawHeadings, drawVerdict, verdictColor, type Rooms } from './delta-columns.ts'
import { clamp, type DeltaModel, type DeltaRow, type Line, type Reach } from './delta-model.ts'
import type { Pen } from './pen.ts'
import { line, withPen } from './pen.ts'
import type { LatencyUnit } from './quantity.ts'
import type { Stage } from './stage.ts'
import { cleanText, cssFont, ellipsize, fontSize, space } from './stage.ts'
import { fade } from './theme.ts'

/** All that Chart.js does not draw by itself: the band, the line at zero, labels, intervals and verdicts. */
export function forestMarks(
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
