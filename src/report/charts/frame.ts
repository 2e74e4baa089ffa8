import type { Chart, ChartConfiguration, Plugin } from 'chart.js'
import type { Pen } from './pen.ts'
import { withPen } from './pen.ts'
import type { Stage } from './stage.ts'
import { chartFont, cssFont, fontSize, space, wrapText } from './stage.ts'

/** The words around a chart. Long ones wrap, longer ones are cut. */
export interface Captions {
  readonly title: string
  /** What was measured and how much of it: rounds, requests, load, engine. */
  readonly subtitle?: string | undefined
  /** Small print under the chart: versions, caveats. */
  readonly caption?: string | undefined
}

interface Block {
  readonly lines: readonly string[]
  readonly font: string
  readonly lineHeight: number
  readonly color: string
}

function words(stage: Stage, captions: Captions) {
  const width = stage.width - 2 * frameMargin(stage)
  const head = [
    block(stage, captions.title, 23, { weight: 'bold', color: stage.theme.text, width, lines: [2, 4] }),
    block(stage, captions.subtitle ?? '', 15, { color: stage.theme.muted, width, lines: [2, 6] }),
  ]
  const foot = block(stage, captions.caption ?? '', 12.5, { color: stage.theme.muted, width, lines: [4, 9] })
  const headHeight = head.reduce((sum, part) => sum + blockHeight(part), 0)
  return { head, foot, headHeight }
}

/** Points of height that the frame takes from a picture. */
export function frameHeight(stage: Stage, captions: Captions): number {
  const margin = frameMargin(stage)
  const { foot, headHeight } = words(stage, captions)
  return headHeight + blockHeight(foot) + margin * 2.75
}

/**
 * `config` with the frame that all charts share: background, title and subtitle above, caption below, and the room
 * they need. Margins are in points.
 */
export function framed(
  stage: Stage,
  captions: Captions,
  config: ChartConfiguration,
  /** Points to keep free right of the chart, for labels of its own. */
  roomRight = 0,
): ChartConfiguration {
  const margin = frameMargin(stage)
  const { head, foot, headHeight } = words(stage, captions)
  const plugin: Plugin = {
    id: 'hopmeter-frame',
    beforeDraw: (chart) => {
      const pen = chart.ctx as unknown as Pen
      withPen(pen, () => {
        pen.fillStyle = stage.theme.background
        pen.fillRect(0, 0, chart.width, chart.height)
        let y = margin
        for (const part of head) y = drawBlock(pen, part, margin, y)
        drawBlock(pen, foot, margin, chart.height - margin - blockHeight(foot) + 2)
      })
    },
  }
  const padding = {
    left: margin,
    right: margin + roomRight,
    top: margin + headHeight + margin * 0.45,
    bottom: margin + (foot.lines.length > 0 ? blockHeight(foot) + margin * 0.3 : 0),
  }
  return {
    ...config,
    options: {
      ...config.options,
      animation: false,
      events: stage.interactive ? ['mousemove', 'mouseout', 'click', 'touchstart', 'touchmove'] : [],
      layout: { padding },
      plugins: {
        ...config.options?.plugins,
        tooltip: { enabled: stage.interactive, ...config.options?.plugins?.tooltip },
        legend: config.options?.plugins?.legend ?? { display: false },
      },
    },
    plugins: [plugin, ...(config.plugins ?? [])],
  }
}

export function frameMargin(stage: Stage): number {
  return Math.round(Math.min(32, Math.max(12, stage.width * 0.024)))
}

/** The legend of charts with several series; an interactive stage shows its entries as buttons beside the canvas. */
export function legend(stage: Stage) {
  return {
    display: !stage.interactive,
    position: 'top' as const,
    align: 'start' as const,
    labels: {
      color: stage.theme.text,
      font: chartFont(stage, 13.5),
      usePointStyle: true,
      boxHeight: space(stage, 10),
      padding: fontSize(stage, 12),
    },
  }
}

/** Where the data is drawn, in points. */
export function chartArea(chart: Chart): { left: number; right: number; top: number; bottom: number } {
  return chart.chartArea
}

function block(
  stage: Stage,
  text: string,
  size: number,
  look: {
    readonly weight?: 'bold'
    readonly color: string
    readonly width: number
    /** At most: in a wide picture, in a narrow one. */
    readonly lines: readonly [number, number]
  },
): Block {
  const font = cssFont(stage, size, look.weight)
  return {
    lines: wrapText(stage, text, font, look.width, look.lines[stage.width < 900 ? 1 : 0]),
    font,
    lineHeight: fontSize(stage, size) * 1.32,
    color: look.color,
  }
}

function blockHeight(part: Block): number {
  return part.lines.length * part.lineHeight
}

function drawBlock(pen: Pen, part: Block, x: number, top: number): number {
  pen.font = part.font
  pen.fillStyle = part.color
  pen.textAlign = 'left'
  pen.textBaseline = 'top'
  for (const [index, text] of part.lines.entries()) pen.fillText(text, x, top + index * part.lineHeight)
  return top + blockHeight(part)
}
