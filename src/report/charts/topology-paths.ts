import { plural } from '../../plural.ts'
import { componentTitle } from '../../topology/component.ts'
import type { Component, ComponentKind } from '../../topology/model.ts'
import type { Pen } from './pen.ts'
import { line } from './pen.ts'
import type { Stage } from './stage.ts'
import { cleanText, cssFont, ellipsize, fittingFont, fontSize, space } from './stage.ts'
import { componentColor } from './topology-colors.ts'
import type { TopologyModel, Box } from './topology-model.ts'

/** Points of height that {@link drawPaths} needs. */
export function pathsHeight({ paths }: TopologyModel, stage: Stage): number {
  return Math.max(1, paths.length) * rowHeight(stage)
}

function rowHeight(stage: Stage): number {
  return chipHeight(stage) * 1.28
}

function chipHeight(stage: Stage): number {
  return (fontSize(stage, 12.5) + fontSize(stage, 11)) * 1.2 + space(stage, 10)
}

/** One row per path: its name, how many components, and the components in the order of a request. */
export function drawPaths(stage: Stage, pen: Pen, { paths }: TopologyModel, area: Box): void {
  const { top } = area
  const row = rowHeight(stage)
  const nameWidth = (area.right - area.left) * 0.19
  const longest = Math.max(1, ...paths.map((path) => path.components.length))
  const gap = fontSize(stage, 24)
  const chipWidth = (area.right - area.left - nameWidth + gap) / longest - gap
  for (const [index, path] of paths.entries()) {
    const middle = top + row * (index + 0.5)
    drawName(stage, pen, path, { x: area.left, y: middle, width: nameWidth - 12 })
    const height = chipHeight(stage)
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
      drawTwoLineChip(
        stage,
        pen,
        box,
        [componentTitle(component.kind), shortTitles[component.kind]],
        placeNames(component),
        componentColor(stage.theme, component.kind),
      )
    }
  }
}

function drawName(
  stage: Stage,
  pen: Pen,
  path: TopologyModel['paths'][number],
  place: { x: number; y: number; width: number },
): void {
  const bold = cssFont(stage, 14, 'bold')
  const plain = cssFont(stage, 12)
  pen.textAlign = 'left'
  pen.textBaseline = 'middle'
  pen.font = bold
  pen.fillStyle = stage.theme.text
  const name = ellipsize(stage, cleanText(path.name) || '(no name)', bold, place.width)
  pen.fillText(name, place.x, place.y - lineShift(stage))
  pen.font = plain
  pen.fillStyle = stage.theme.muted
  const count = path.components.length
  pen.fillText(count === 0 ? 'no path' : plural(count, 'component'), place.x, place.y + lineShift(stage))
}

/** Half the distance between the two lines of a row. */
function lineShift(stage: Stage): number {
  return fontSize(stage, 13) * 0.62
}

const shortTitles: Readonly<Record<ComponentKind, string>> = {
  'client-pod': 'client',
  ztunnel: 'ztunnel',
  'east-west-gateway': 'gateway',
  'load-balancer': 'balancer',
  'server-pod': 'server',
}

/** Where a component is, in full and in short. */
function placeNames({ cluster, node }: Component): [string, string] {
  const name = cleanText(cluster)
  return node === undefined ? [name, name] : [`${name} · node ${node}`, `${name}/n${node}`]
}

/** `what` and `where` each come in full and in short, for chips without room. */
function drawTwoLineChip(
  stage: Stage,
  pen: Pen,
  box: Box,
  what: readonly [string, string],
  where: readonly [string, string],
  color: { fill: string; text: string },
): void {
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
  for (const [[full, short], size, weight, y] of [
    [what, 12.5, 'bold', middle - lineShift(stage)],
    [where, 11, 'normal', middle + lineShift(stage)],
  ] as const) {
    const text = stage.measure(full, cssFont(stage, size, weight)) <= width * 1.06 ? full : short
    pen.font = fittingFont(stage, text, size, weight, width)
    pen.fillText(ellipsize(stage, text, pen.font, width), x, y)
  }
}

function drawArrow(stage: Stage, pen: Pen, from: number, to: number, y: number): void {
  pen.strokeStyle = stage.theme.muted
  pen.lineWidth = 1.6
  line(pen, [from, y], [to, y])
  line(pen, [to - 5, y - 4], [to, y], [to - 5, y + 4])
}
