import Chart from 'chart.js/auto'
import type { ChartSpec } from '../../charts/kinds.ts'
import { drawingOf, heightOf } from '../../charts/kinds.ts'
import type { ThemeName } from '../../charts/theme.ts'
import { themes } from '../../charts/theme.ts'
import { fillLegend } from './browser-legend.ts'
import type { PageElement } from './browser-page.ts'
import { page } from './browser-page.ts'

// The script of a report page: draws the charts that are in view, sorts tables, switches themes, prepares printing.

const { document } = page
const charts = JSON.parse(document.getElementById('charts')?.textContent ?? '[]') as ChartSpec[]
const drawn = new Map<PageElement, { chart: Chart; width: number; theme: ThemeName }>()
/** What the reader hid of each chart. */
const hiddenSeries = new Map<PageElement, Set<number>>()
const fontFamily = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'
/** In which every chart has room for its words, px. */
const narrowest = 640
const pen = document.createElement('canvas').getContext('2d')
const prefersDark = page.matchMedia('(prefers-color-scheme: dark)')

function measure(text: string, font: string): number {
  pen.font = font
  return pen.measureText(text).width
}

function currentTheme(): ThemeName {
  const chosen = document.documentElement.dataset['theme']
  if (chosen === 'light' || chosen === 'dark') return chosen
  return prefersDark.matches ? 'dark' : 'light'
}

function draw(holder: PageElement, theme: ThemeName): void {
  const spec = charts[Number(holder.dataset['chart'])]
  const shownWidth = holder.clientWidth
  if (!spec || shownWidth === 0) return
  // A picture that needs more room than a phone has is drawn in it and shown smaller: whole, and sharp when enlarged.
  const width = Math.max(shownWidth, narrowest)
  const before = drawn.get(holder)
  if (before?.width === width && before.theme === theme) return
  before?.chart.destroy()
  const stage = { width, height: 0, theme: themes[theme], fontFamily, interactive: true, measure }
  const height = heightOf(spec, stage)
  const canvas = document.createElement('canvas')
  canvas.setAttribute('role', 'img')
  canvas.setAttribute('aria-label', holder.dataset['label'] ?? '')
  canvas.setAttribute('width', String(width))
  canvas.setAttribute('height', String(height))
  holder.replaceChildren(canvas)
  const config = drawingOf(spec)({ ...stage, height })
  // Sharp on paper too, whatever the screen is.
  const options = { ...config.options, responsive: false, devicePixelRatio: 2 }
  canvas.style['width'] = '100%'
  canvas.style['height'] = 'auto'
  drawn.set(holder, { chart: new Chart(canvas, { ...config, options }), width, theme })
  const legend = holder.closest('figure')?.querySelector('.legend')
  if (!legend) return
  const hidden = hiddenSeries.get(holder) ?? new Set()
  hiddenSeries.set(holder, hidden)
  fillLegend(legend, () => drawn.get(holder)?.chart, hidden)
}

function redraw(theme = currentTheme()): void {
  for (const holder of drawn.keys()) draw(holder, theme)
}

function startCharts(): void {
  const observer = new page.IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) draw(target, currentTheme())
    },
    { rootMargin: '400px' },
  )
  const holders = [...document.querySelectorAll('.chart')]
  for (const holder of holders) observer.observe(holder)
  drawSoon(holders)
  const main = document.getElementById('main')
  if (main) new page.ResizeObserver(() => redraw()).observe(main)
  prefersDark.addEventListener('change', () => redraw())
}

/** All that can be seen, one after the other: whoever prints, saves or pictures the page does not scroll it first. */
function drawSoon([next, ...others]: readonly PageElement[]): void {
  if (!next) return
  draw(next, currentTheme())
  page.setTimeout(() => drawSoon(others), 0)
}

function startThemeButton(): void {
  const button = document.getElementById('theme')
  button?.addEventListener('click', () => {
    const theme = currentTheme() === 'dark' ? 'light' : 'dark'
    document.documentElement.dataset['theme'] = theme
    redraw()
  })
}

/** Paper is white, and what is folded away cannot be unfolded on it. */
function startPrinting(): void {
  let unfolded: PageElement[] = []
  let chosen: string | undefined
  page.addEventListener('beforeprint', () => {
    chosen = document.documentElement.dataset['theme']
    document.documentElement.dataset['theme'] = 'light'
    unfolded = [...document.querySelectorAll('details:not([open])')]
    for (const fold of unfolded) fold.open = true
    for (const holder of document.querySelectorAll('.chart')) draw(holder, 'light')
  })
  page.addEventListener('afterprint', () => {
    for (const fold of unfolded) fold.open = false
    if (chosen === undefined) document.documentElement.removeAttribute('data-theme')
    else document.documentElement.dataset['theme'] = chosen
    redraw()
  })
}

function startSorting(): void {
  for (const table of document.querySelectorAll('table.sortable')) {
    keepRoles(table)
    const body = table.querySelector('tbody')
    if (!body) continue
    for (const heading of table.querySelectorAll('thead th')) {
      const button = document.createElement('button')
      button.setAttribute('type', 'button')
      button.textContent = heading.textContent
      heading.replaceChildren(button)
      button.addEventListener('click', () => sortBy(table, body, heading))
    }
  }
}

function sortBy(table: PageElement, body: PageElement, heading: PageElement): void {
  const direction = heading.getAttribute('aria-sort') === 'ascending' ? 'descending' : 'ascending'
  for (const other of table.querySelectorAll('thead th')) other.removeAttribute('aria-sort')
  heading.setAttribute('aria-sort', direction)
  const column = heading.cellIndex + 1
  const keyed = [...body.querySelectorAll('tr')].map((row) => {
    const cell = row.querySelector(`:scope > :nth-child(${column})`)
    const value = cell?.getAttribute('data-value')
    return { row, text: cell?.textContent ?? '', number: value ? Number(value) : Number.NaN }
  })
  const sign = direction === 'ascending' ? 1 : -1
  keyed.sort((a, b) => {
    // Rows without a number stay last in either direction.
    if (Number.isNaN(a.number) !== Number.isNaN(b.number)) return Number.isNaN(a.number) ? 1 : -1
    if (!Number.isNaN(a.number)) return sign * (a.number - b.number)
    return sign * a.text.localeCompare(b.text, 'en', { numeric: true })
  })
  body.append(...keyed.map(({ row }) => row))
}

startSorting()
startThemeButton()
startPrinting()
startCharts()

/** A table that a phone draws as lists is no table any more, unless its parts say what they are. */
function keepRoles(table: PageElement): void {
  const roles = {
    'thead, tbody': 'rowgroup',
    tr: 'row',
    td: 'cell',
    'thead th': 'columnheader',
    'tbody th': 'rowheader',
  }
  table.setAttribute('role', 'table')
  for (const [parts, role] of Object.entries(roles))
    for (const part of table.querySelectorAll(parts)) part.setAttribute('role', role)
}
