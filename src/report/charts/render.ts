import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { ChartConfiguration } from 'chart.js'
import { EnvironmentError } from '../../errors.ts'
import type { Drawing, Stage } from './stage.ts'
import { cleanText } from './stage.ts'
import type { ThemeName } from './theme.ts'
import { themes } from './theme.ts'

export interface RenderOptions {
  readonly format: 'png' | 'svg'
  /** Points, 320 to 4000; 1200 × 675 unless given. A PNG has two pixels per point. */
  readonly width?: number | undefined
  readonly height?: number | undefined
  readonly theme?: ThemeName | undefined
  /** Alternative text, kept inside an SVG for screen readers. */
  readonly description?: string | undefined
}

/** What `dist/chart-renderer.cjs` exports: chartjs-node-canvas on the vendored canvas. */
interface ChartRenderer {
  readonly ChartJSNodeCanvas: new (options: { width: number; height: number; type?: 'svg' }) => ChartCanvas
  readonly createCanvas: (
    width: number,
    height: number,
  ) => { getContext: (kind: '2d') => { font: string; measureText: (text: string) => { width: number } } }
}

interface ChartCanvas {
  renderToBuffer: (config: ChartConfiguration, mime: 'image/png') => Promise<Buffer>
  renderToBufferSync: (config: ChartConfiguration, mime: 'image/svg+xml') => Buffer
  registerFont: (file: string, options: { family: string }) => void
}

/** A private name, so that a font of the machine never takes the place of ours. */
const fontFamily = 'Hopmeter Sans'
// From src/report/charts and from dist/report/charts, the package root is equally far.
const packageRoot = new URL('../../../', import.meta.url)

let loaded: { renderer: ChartRenderer; measure: Stage['measure'] } | undefined

/**
 * Draws a chart as PNG at two pixels per point, or as SVG whose text is paths, so that no viewer needs the font.
 * @throws EnvironmentError when the canvas binary of this platform is not installed.
 */
export async function renderChart(drawing: Drawing, options: RenderOptions): Promise<Buffer> {
  const { renderer } = (loaded ??= loadRenderer())
  const stage = printStage(options)
  const { width, height } = stage
  const config = drawing(stage)
  const withRatio = (devicePixelRatio: number): ChartConfiguration => ({
    ...config,
    options: { ...config.options, devicePixelRatio },
  })
  if (options.format === 'png') {
    return await new renderer.ChartJSNodeCanvas({ width, height }).renderToBuffer(withRatio(2), 'image/png')
  }
  const canvas = new renderer.ChartJSNodeCanvas({ width, height, type: 'svg' })
  return describedSvg(canvas.renderToBufferSync(withRatio(1), 'image/svg+xml'), options.description)
}

/** The stage of a picture file: bundled font, nothing interactive. */
export function printStage(options: Omit<RenderOptions, 'format'>): Stage {
  loaded ??= loadRenderer()
  return {
    width: options.width ?? 1200,
    height: options.height ?? 675,
    theme: themes[options.theme ?? 'light'],
    fontFamily: `"${fontFamily}"`,
    interactive: false,
    measure: loaded.measure,
  }
}

function loadRenderer(): { renderer: ChartRenderer; measure: Stage['measure'] } {
  const file = fileURLToPath(new URL('dist/chart-renderer.cjs', packageRoot))
  let renderer: ChartRenderer
  try {
    renderer = createRequire(import.meta.url)(file) as ChartRenderer
    const fonts = new renderer.ChartJSNodeCanvas({ width: 1, height: 1 })
    for (const font of ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf']) {
      fonts.registerFont(fileURLToPath(new URL(`assets/fonts/${font}`, packageRoot)), { family: fontFamily })
    }
  } catch (cause) {
    throw new EnvironmentError('charts cannot be drawn: the canvas library does not load on this machine', {
      cause,
      hint: 'reinstall hopmeter with its optional packages (npm install --include=optional), or leave charts out with --no-charts',
    })
  }
  const pen = renderer.createCanvas(1, 1).getContext('2d')
  const widths = new Map<string, number>()
  const measure = (text: string, font: string): number => {
    const key = `${font}\n${text}`
    let width = widths.get(key)
    if (width === undefined) {
      pen.font = font
      width = pen.measureText(text).width
      if (widths.size > 20_000) widths.clear()
      widths.set(key, width)
    }
    return width
  }
  return { renderer, measure }
}

/** Adds a viewBox, so that the picture scales, and the description as the title that screen readers read. */
function describedSvg(svg: Buffer, description: string | undefined): Buffer {
  const text = svg.toString('utf8')
  const title = description === undefined ? '' : `<title>${escapeXml(cleanText(description))}</title>`
  return Buffer.from(
    text.replace(
      /<svg ([^>]*?)width="([\d.]+)" height="([\d.]+)"([^>]*)>/,
      (_, before: string, w: string, h: string, after: string) => {
        const size = `width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img"`
        return `<svg ${before}${size}${after}>${title}`
      },
    ),
  )
}

function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  }
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
