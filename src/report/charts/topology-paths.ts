import type { Pen } from './pen.ts'
import { line } from './pen.ts'
import type { Stage } from './stage.ts'
import { cleanText, cssFont, ellipsize, fittingFont, fontSize, space } from './stage.ts'
import type { TopologyModel } from './topology.ts'
import { componentColor } from './topology-colors.ts'
import { componentTitle } from '../../topology/component.ts'
import type { Box } from './topology-map.ts'
import { drawChip } from './topology-map.ts'

/** One row per path: its name, how many components, and the components in the order of a request. */
export function drawPaths(stage: Stage, pen: Pen, { paths }: TopologyModel, area: Box): void {
  const top = area.top + fontSize(stage, 18)
  const row = Math.min((area.bottom - top) / Math.max(1, paths.length), fontSize(stage, 68))
  const nameWidth = (area.right - area.left) * 0.19
  const longest = Math.max(1, ...paths.map((path) => path.components.length))
  const gap = fontSize(stage, 24)
  const chipWidth = (area.right - area.left - nameWidth + gap) / longest - gap
  for (const [index, path] of paths.entries()) {
    const middle = top + row * (index + 0.5)
    drawName(stage, pen, path, { x: area.left, y: middle, width: nameWidth - 12, row })
    const height = Math.min(row * 0.86, fontSize(stage, 38))
    if (path.components.length === 0) {
      pen.font = cssFont(stage, 13)
      pen.fillStyle = stage.theme.muted
      pen.textAlign = 'left'
      pen.textBaseline = 'middle'
      const text = cleanText(path.note ?? 'no path')
      pen.fillText(
        ellipsize(stage, text, pen.font, area.right - area.left - nameWidth),
        area.left + nameWidth,
        middle,
      )
    }
    for (const [place, component] of path.components.entries()) {
      const left = area.left + nameWidth + place * (chipWidth + gap)
      const box = { left, right: left + chipWidth, top: middle - height / 2, bottom: middle + height / 2 }
      if (place > 0) drawArrow(stage, pen, left - gap + 3, left - 4, middle)
      const where =
        cleanText(component.cluster) + (component.node === undefined ? '' : ` · node ${component.node}`)
      drawTwoLineChip(
        stage,
        pen,
        box,
        componentTitle(component.kind),
        where,
        componentColor(stage.theme, component.kind),
      )
    }
  }
}

function drawName(
  stage: Stage,
  pen: Pen,
  path: TopologyModel['paths'][number],
  place: { x: number; y: number; width: number; row: number },
): void {
  const bold = cssFont(stage, 14, 'bold')
  const plain = cssFont(stage, 12)
  const isTall = place.row > fontSize(stage, 32)
  pen.textAlign = 'left'
  pen.textBaseline = 'middle'
  pen.font = bold
  pen.fillStyle = stage.theme.text
  const name = ellipsize(stage, cleanText(path.name) || '(no name)', bold, place.width)
  pen.fillText(name, place.x, place.y - (isTall ? space(stage, 8) : 0))
  if (!isTall) return
  pen.font = plain
  pen.fillStyle = stage.theme.muted
  const count = path.components.length
  pen.fillText(count === 0 ? 'no path' : `${count} components`, place.x, place.y + space(stage, 10))
}

function drawTwoLineChip(
  stage: Stage,
  pen: Pen,
  box: Box,
  what: string,
  where: string,
  color: { fill: string; text: string },
): void {
  const lines = (fontSize(stage, 12.5) + fontSize(stage, 11)) * 1.2
  if (box.bottom - box.top < lines) {
    drawChip(stage, pen, box, `${what}, ${where}`, color)
    return
  }
  pen.fillStyle = color.fill
  pen.beginPath()
  pen.roundRect(box.left, box.top, box.right - box.left, box.bottom - box.top, 5)
  pen.fill()
  const width = box.right - box.left - 8
  const x = (box.left + box.right) / 2
  const middle = (box.top + box.bottom) / 2
  pen.fillStyle = color.text
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  for (const [text, size, y] of [
    [what, 12.5, middle - lines * 0.24],
    [where, 11, middle + lines * 0.27],
  ] as const) {
    pen.font = fittingFont(stage, text, size, size > 12 ? 'bold' : 'normal', width)
    pen.fillText(ellipsize(stage, text, pen.font, width), x, y)
  }
}

function drawArrow(stage: Stage, pen: Pen, from: number, to: number, y: number): void {
  pen.strokeStyle = stage.theme.muted
  pen.lineWidth = 1.6
  line(pen, [from, y], [to, y])
  line(pen, [to - 5, y - 4], [to, y], [to - 5, y + 4])
}
