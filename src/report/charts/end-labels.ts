import type { Plugin } from 'chart.js'
import type { Pen } from './pen.ts'
import { line, withPen } from './pen.ts'
import type { Stage } from './stage.ts'
import { cleanText, cssFont, ellipsize, fontSize, space } from './stage.ts'
import { seriesStyle } from './theme.ts'

const mostLabels = 8
const textSize = 13.5

/** Names at the ends of lines: no colour has to be looked up. A page keeps its legend, which toggles them. */
export interface EndLabels {
  /** Points right of the chart that the names need; 0 where a legend serves better. */
  readonly room: number
  readonly plugins: readonly Plugin[]
}

/** Labels for series drawn by {@link lineDatasets} in this order; a legend is to be drawn when `room` is 0. */
export function endLabels(stage: Stage, names: readonly string[]): EndLabels {
  const font = cssFont(stage, textSize, 'bold')
  if (stage.interactive || names.length === 0 || names.length > mostLabels || stage.width < 500) {
    return { room: 0, plugins: [] }
  }
  const widest = Math.max(...names.map((name) => stage.measure(shown(name), font)))
  const width = Math.min(widest, stage.width * 0.2)
  const leader = space(stage, 34)
  const room = leader + width
  return { room, plugins: [labels(stage, names, { leader, width, font })] }
}

function labels(
  stage: Stage,
  names: readonly string[],
  { leader, width, font }: { leader: number; width: number; font: string },
): Plugin {
  return {
    id: 'hopmeter-end-labels',
    afterDatasetsDraw: (chart) => {
      const pen = chart.ctx as unknown as Pen
      const { right, top, bottom } = chart.chartArea
      const lines = chart.data.datasets.flatMap((dataset, index) =>
        dataset.borderWidth === 0 ? [] : [index],
      )
      const ends = lines.flatMap((dataset, series) => {
        const points = chart.getDatasetMeta(dataset).data
        const last = points.findLast(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))
        return last ? [{ series, x: last.x, y: Math.min(bottom, Math.max(top, last.y)) }] : []
      })
      const spread = spreadOut(ends, fontSize(stage, textSize) * 1.25, { top, bottom })
      withPen(pen, () => {
        pen.font = font
        pen.textAlign = 'left'
        pen.textBaseline = 'middle'
        for (const { series, x, y, labelY } of spread) {
          pen.strokeStyle = seriesStyle(stage.theme, series).color
          pen.lineWidth = 1.2
          pen.setLineDash([2, 3])
          const turn = right + leader * 0.25
          line(pen, [x + space(stage, 6), y], [Math.max(x, turn), y], [right + leader - 16, labelY])
          pen.setLineDash([])
          pen.lineWidth = 4
          line(pen, [right + leader - 15, labelY], [right + leader - 5, labelY])
          pen.fillStyle = stage.theme.text
          pen.fillText(ellipsize(stage, shown(names[series] ?? ''), font, width), right + leader, labelY)
        }
      })
    },
  }
}

function shown(name: string): string {
  return cleanText(name) || '(no name)'
}

/** Places labels at least `gap` apart, each as near to its line as the others allow. */
export function spreadOut<End extends { readonly y: number }>(
  ends: readonly End[],
  gap: number,
  { top, bottom }: { readonly top: number; readonly bottom: number },
): (End & { labelY: number })[] {
  const placed = ends.toSorted((a, b) => a.y - b.y).map((end) => ({ ...end, labelY: end.y }))
  // Neighbours that are too close share the shift; a few passes settle every chain of them.
  for (let pass = 0; pass < 4 * placed.length; pass += 1) {
    for (const [index, label] of placed.entries()) {
      const before = placed[index - 1]
      const missing = before ? before.labelY + gap - label.labelY : 0
      if (!before || missing <= 0) continue
      before.labelY -= missing / 2
      label.labelY += missing / 2
    }
  }
  let lowest = top
  for (const label of placed) {
    label.labelY = Math.max(label.labelY, lowest)
    lowest = label.labelY + gap
  }
  let highest = bottom
  for (const label of placed.toReversed()) {
    label.labelY = Math.min(label.labelY, highest)
    highest = label.labelY - gap
  }
  return placed
}
