import type { Plugin } from 'chart.js'
import { plural } from '../../plural.ts'
import type { ComponentKind } from '../../topology/model.ts'
import { chainKeyHeight, chipSize, drawChain, drawChainKey } from './component-chips.ts'
import type { Pen } from './pen.ts'
import { withPen } from './pen.ts'
import type { Stage } from './stage.ts'
import { cleanText, cssFont, fontSize, space, wrapText } from './stage.ts'
import { frameMargin } from './frame.ts'

/** A path's name under its column, its components as chips, and a line of detail. */
export interface ColumnLabel {
  readonly name: string
  readonly chain: readonly ComponentKind[]
  readonly detail: string
  /** In place of `detail` where that does not fit in one line. */
  readonly shortDetail?: string
}

const maxNameLines = 3

/** The label of a path's column. */
export function columnLabel(path: {
  readonly name: string
  readonly hops?: number | undefined
  readonly chain?: readonly ComponentKind[] | undefined
}): ColumnLabel {
  const { name, hops, chain = [] } = path
  if (hops === undefined) return { name, chain, detail: 'no path' }
  return { name, chain, detail: plural(hops, 'component'), shortDetail: plural(hops, 'hop') }
}

/** Height in points that {@link columnLabels} needs. Widths are estimated from the stage, as no axis exists yet. */
export function columnLabelHeight(stage: Stage, labels: readonly ColumnLabel[]): number {
  const width = (stage.width - 2 * frameMargin(stage) - fontSize(stage, 90)) / Math.max(1, labels.length)
  const rows = labels.map((label) => {
    const { name, detail } = fitted(stage, label, width)
    return name.length * lineHeight(stage, 14) + detail.length * lineHeight(stage, 12.5)
  })
  const chains = hasChains(labels) ? chipSize(stage, width) + space(stage, 8) + chainKeyHeight(stage) : 0
  return Math.max(0, ...rows) + chains + fontSize(stage, 12)
}

/** Draws the labels under the chart area, centred below each column, wrapped to its width. */
export function columnLabels(stage: Stage, labels: readonly ColumnLabel[]): Plugin {
  return {
    id: 'hopmeter-column-labels',
    afterDraw: (chart) => {
      const scale = chart.scales['x']
      if (!scale) return
      const pen = chart.ctx as unknown as Pen
      const width = scale.width / Math.max(1, labels.length)
      const size = chipSize(stage, width)
      withPen(pen, () => {
        for (const [index, label] of labels.entries()) {
          const x = scale.getPixelForValue(index)
          let y = scale.top + space(stage, 8)
          const { name, detail } = fitted(stage, label, width)
          pen.textAlign = 'center'
          pen.textBaseline = 'top'
          pen.fillStyle = stage.theme.text
          pen.font = cssFont(stage, 14, 'bold')
          for (const text of name) y = put(pen, text, x, y, lineHeight(stage, 14))
          pen.fillStyle = stage.theme.muted
          pen.font = cssFont(stage, 12.5)
          for (const text of detail) y = put(pen, text, x, y, lineHeight(stage, 12.5))
          drawChain(stage, pen, label.chain, { x, top: y + space(stage, 2), size })
        }
        if (!hasChains(labels)) return
        const top = scale.bottom - chainKeyHeight(stage) + space(stage, 4)
        const { left, right } = { left: frameMargin(stage), right: stage.width - frameMargin(stage) }
        drawChainKey(
          stage,
          pen,
          labels.map((label) => label.chain),
          { left, right, top },
        )
      })
    },
  }
}

function hasChains(labels: readonly ColumnLabel[]): boolean {
  return labels.some((label) => label.chain.length > 0)
}

function fitted(stage: Stage, label: ColumnLabel, columnWidth: number) {
  const width = columnWidth - space(stage, 8)
  const font = cssFont(stage, 12.5)
  const isShort = label.shortDetail !== undefined && stage.measure(label.detail, font) > width
  return {
    name: wrapText(
      stage,
      cleanText(label.name) || '(no name)',
      cssFont(stage, 14, 'bold'),
      width,
      maxNameLines,
    ),
    detail: wrapText(stage, isShort ? (label.shortDetail ?? '') : label.detail, font, width, 2),
  }
}

function put(pen: Pen, text: string, x: number, y: number, height: number): number {
  pen.fillText(text, x, y)
  return y + height
}

function lineHeight(stage: Stage, size: number): number {
  return fontSize(stage, size) * 1.25
}
