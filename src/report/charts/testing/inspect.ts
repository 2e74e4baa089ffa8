import type { ChartConfiguration, Plugin } from 'chart.js'
import { renderChart } from '../render.ts'
import type { RenderOptions } from '../render.ts'
import type { Drawing, Stage } from '../stage.ts'

export interface DrawnText extends Box {
  readonly text: string
  /** Radians clockwise; `turned` is the box in axes turned by it, where rotated text is upright. */
  readonly angle: number
  readonly turned: Box
}

interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

interface Inspection {
  readonly texts: readonly DrawnText[]
  readonly config: ChartConfiguration
  readonly stage: Stage
}

interface MeasuringPen {
  fillText: (text: string, x: number, y: number) => void
  measureText: (text: string) => {
    readonly actualBoundingBoxLeft: number
    readonly actualBoundingBoxRight: number
    readonly actualBoundingBoxAscent: number
    readonly actualBoundingBoxDescent: number
  }
  getTransform: () => { a: number; b: number; c: number; d: number; e: number; f: number }
}

/** Draws a chart and tells which texts it drew and where, in points. */
export async function inspectChart(
  drawing: Drawing,
  options: Omit<RenderOptions, 'format'> = {},
): Promise<Inspection> {
  const texts: DrawnText[] = []
  let seen: { config: ChartConfiguration; stage: Stage } | undefined
  const recorder: Plugin = {
    id: 'recorder',
    beforeDraw: (chart) => {
      texts.length = 0
      const pen = chart.ctx as unknown as MeasuringPen
      if (Object.hasOwn(pen, 'fillText')) return
      const fillText = pen.fillText.bind(pen)
      Object.defineProperty(pen, 'fillText', {
        value: (text: string, x: number, y: number) => {
          texts.push(place(pen, text, x, y))
          fillText(text, x, y)
        },
      })
    },
  }
  const recorded: Drawing = (stage) => {
    const config = drawing(stage)
    seen = { config, stage }
    return { ...config, plugins: [recorder, ...(config.plugins ?? [])] }
  }
  await renderChart(recorded, { ...options, format: 'png' })
  if (!seen) throw new Error('the chart was not drawn')
  return { texts, ...seen }
}

function place(pen: MeasuringPen, text: string, x: number, y: number): DrawnText {
  const box = pen.measureText(text)
  const { a, b, c, d, e, f } = pen.getTransform()
  const corners = [
    [x - box.actualBoundingBoxLeft, y - box.actualBoundingBoxAscent],
    [x + box.actualBoundingBoxRight, y - box.actualBoundingBoxAscent],
    [x - box.actualBoundingBoxLeft, y + box.actualBoundingBoxDescent],
    [x + box.actualBoundingBoxRight, y + box.actualBoundingBoxDescent],
  ].map(([px = 0, py = 0]) => [(a * px + c * py + e) / 2, (b * px + d * py + f) / 2] as const)
  const angle = Math.atan2(b, a)
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const turned = corners.map(([px, py]) => [px * cos + py * sin, py * cos - px * sin] as const)
  return { text, ...boxAround(corners), angle, turned: boxAround(turned) }
}

function boxAround(corners: readonly (readonly [number, number])[]): Box {
  const xs = corners.map(([x]) => x)
  const ys = corners.map(([, y]) => y)
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) }
}

/** Texts that leave the picture, and pairs of texts that cover each other; empty when the picture is clean. */
export function textFaults({ texts, stage }: Inspection): string[] {
  const drawn = texts.filter(({ text }) => text.trim() !== '')
  const outside = drawn
    .filter(
      (t) => t.left < -0.5 || t.top < -0.5 || t.right > stage.width + 0.5 || t.bottom > stage.height + 0.5,
    )
    .map((t) => `outside: ${t.text}`)
  const covered = drawn.flatMap((first, index) =>
    drawn.slice(index + 1).flatMap((second) => {
      const isParallel = Math.abs(first.angle - second.angle) < 1e-6
      const [one, other] = isParallel ? [first.turned, second.turned] : [first, second]
      const width = Math.min(one.right, other.right) - Math.max(one.left, other.left)
      const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)
      return width > 1 && height > 1 ? [`over each other: ${first.text} | ${second.text}`] : []
    }),
  )
  return [...outside, ...covered]
}
