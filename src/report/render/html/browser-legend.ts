import type { Chart, LegendItem } from 'chart.js'
import { drawPoint } from 'chart.js/helpers'
import { showSeries } from '../../charts/line-series.ts'
import type { Pen } from '../../charts/pen.ts'
import type { PageElement } from './browser-page.ts'
import { page } from './browser-page.ts'

const swatch = { width: 28, height: 14 }

/**
 * Fills `legend` with one button per series, which shows or hides it in the chart that is `current` then: a change of
 * theme or width makes it anew. `hidden` holds the places of the series that the reader hid, and outlives the chart.
 */
export function fillLegend(legend: PageElement, current: () => Chart | undefined, hidden: Set<number>): void {
  const chart = current()
  const items = chart ? legendItems(chart) : []
  legend.hidden = items.length < 2
  if (!chart || legend.hidden) return
  const show = (button: PageElement, place: number, datasetIndex: number) => {
    const shown = current()
    button.setAttribute('aria-pressed', String(!hidden.has(place)))
    if (shown) showSeries(shown, datasetIndex, !hidden.has(place))
  }
  // Buttons stay, so that the one in focus keeps it; only what they show is drawn again.
  const present = [...legend.querySelectorAll('button')]
  const buttons = items.map(({ datasetIndex }, place) => {
    const before = present[place]
    if (before) return before
    const button = page.document.createElement('button')
    button.setAttribute('type', 'button')
    button.addEventListener('click', () => {
      if (!hidden.delete(place)) hidden.add(place)
      show(button, place, datasetIndex ?? place)
    })
    return button
  })
  if (present.length !== items.length) legend.replaceChildren(...buttons)
  for (const [place, item] of items.entries()) {
    const button = buttons[place]
    if (!button) continue
    const name = page.document.createElement('span')
    name.textContent = item.text
    button.replaceChildren(drawnSwatch(item), name)
    button.setAttribute('aria-pressed', String(!hidden.has(place)))
    if (hidden.has(place)) show(button, place, item.datasetIndex ?? place)
  }
}

function legendItems(chart: Chart): LegendItem[] {
  const { legend } = chart.config.options?.plugins ?? {}
  // Charts whose parts are named at the parts have no legend, and so no labels of one.
  if (!legend?.labels) return []
  return chart.options.plugins?.legend?.labels?.generateLabels?.(chart) ?? []
}

/** The line, marker or block of a series, at two pixels per point. */
function drawnSwatch({ fillStyle, lineDash, lineWidth = 0, pointStyle }: LegendItem): PageElement {
  const { width, height } = swatch
  const canvas = page.document.createElement('canvas')
  canvas.setAttribute('width', String(2 * width))
  canvas.setAttribute('height', String(2 * height))
  canvas.setAttribute('aria-hidden', 'true')
  const context = canvas.getContext('2d')
  const pen = context as unknown as Pen
  const color = String(fillStyle)
  pen.scale(2, 2)
  pen.fillStyle = color
  pen.strokeStyle = color
  // Bars have no border; the markers of lines can be squares too.
  if (lineWidth === 0) {
    pen.fillRect(8, 1, 12, 12)
    return canvas
  }
  pen.lineWidth = 2.5
  pen.setLineDash(lineDash ?? [])
  pen.beginPath()
  pen.moveTo(0, height / 2)
  pen.lineTo(width, height / 2)
  pen.stroke()
  pen.setLineDash([])
  if (pointStyle !== undefined && pointStyle !== 'line') {
    const look = { pointStyle, radius: 4.5, borderWidth: 1 }
    drawPoint(context, look, width / 2, height / 2)
  }
  return canvas
}
