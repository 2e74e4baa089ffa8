import type { ComponentKind } from '../../topology/model.ts'
import { componentTitle } from '../../topology/component.ts'
import type { Pen } from './pen.ts'
import type { Stage } from './stage.ts'
import { cssFont, fittingFont, fontSize, space } from './stage.ts'
import { componentColor } from './topology-colors.ts'

/** One letter per kind, so that a chain is readable without its colours. */
const letters: Readonly<Record<ComponentKind, string>> = {
  'client-pod': 'C',
  ztunnel: 'Z',
  'east-west-gateway': 'G',
  'load-balancer': 'L',
  'server-pod': 'S',
}
const order = Object.keys(letters) as ComponentKind[]
const longestChain = 6

/** Side of a chip in points where chains stand side by side in columns of `columnWidth`. */
export function chipSize(stage: Stage, columnWidth: number): number {
  return Math.max(10, Math.min(fontSize(stage, 19), columnWidth / (longestChain * 1.22) - 1))
}

/** The components of a path as lettered chips in a row, centred at `x`. */
export function drawChain(
  stage: Stage,
  pen: Pen,
  chain: readonly ComponentKind[],
  place: { readonly x: number; readonly top: number; readonly size: number },
): void {
  const { x, top, size } = place
  const gap = size * 0.22
  let left = x - (chain.length * size + (chain.length - 1) * gap) / 2
  for (const kind of chain) {
    drawLetter(stage, pen, kind, { left, top, size })
    left += size + gap
  }
}

/** Height in points of {@link drawChainKey}. */
export function chainKeyHeight(stage: Stage): number {
  return fontSize(stage, 19) + space(stage, 8)
}

/** What the letters of {@link drawChain} stand for, in one line centred between `left` and `right`. */
export function drawChainKey(
  stage: Stage,
  pen: Pen,
  chains: readonly (readonly ComponentKind[])[],
  place: { readonly left: number; readonly right: number; readonly top: number },
): void {
  const kinds = order.filter((kind) => chains.some((chain) => chain.includes(kind)))
  const size = fontSize(stage, 15)
  const font = cssFont(stage, 12.5)
  const [near, far] = [size * 0.35, fontSize(stage, 16)]
  const widths = kinds.map((kind) => size + near + stage.measure(componentTitle(kind), font))
  const total = widths.reduce((sum, width) => sum + width, 0) + far * Math.max(0, kinds.length - 1)
  let left = (place.left + place.right - total) / 2
  for (const [index, kind] of kinds.entries()) {
    drawLetter(stage, pen, kind, { left, top: place.top, size })
    pen.font = font
    pen.fillStyle = stage.theme.muted
    pen.textAlign = 'left'
    pen.textBaseline = 'middle'
    pen.fillText(componentTitle(kind), left + size + near, place.top + size / 2)
    left += (widths[index] ?? 0) + far
  }
}

function drawLetter(
  stage: Stage,
  pen: Pen,
  kind: ComponentKind,
  { left, top, size }: { readonly left: number; readonly top: number; readonly size: number },
): void {
  const { fill, text } = componentColor(stage.theme, kind)
  pen.fillStyle = fill
  pen.beginPath()
  pen.roundRect(left, top, size, size, size * 0.18)
  pen.fill()
  pen.fillStyle = text
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.font = fittingFont(stage, letters[kind], 12.5, 'bold', size * 0.8)
  pen.fillText(letters[kind], left + size / 2, top + size / 2 + 0.5)
}
