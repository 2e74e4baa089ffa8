import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostileNames } from '../../charts/testing/hostile.ts'
import type { ChartedRun } from '../../charts/chart-module.ts'
import { answerOf } from '../../charts/models/answer.ts'
import { sampleReportRun } from '../../testing/sample-runs.ts'
import { htmlReport } from './report.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)

const hostile = (name: string) => hostileNames[name.length % hostileNames.length] ?? name

describe('the page as text', () => {
  test('names of a stranger stay text', async () => {
    const page = htmlReport([await sampleReportRun({ rename: hostile })])
    const visible = page.slice(0, page.indexOf('<script type="application/json"'))
    expect(visible).not.toMatch(/<script>alert|<img|onerror=alert\(1\)>(?!&)|<svg/)
    expect(visible).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(page.match(/<script/g)).toHaveLength(2 + scriptTagsInOwnScript(page))
    expect(page).not.toContain('\u202e')
  })

  test('its content policy allows its own style and script by hash, and nothing else', async () => {
    const page = htmlReport([await sampleReportRun()])
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? ''
    const hashOf = (text: string) => `&#39;sha256-${createHash('sha256').update(text).digest('base64')}&#39;`
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? ''
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? ''
    expect(policy).toContain('default-src &#39;none&#39;')
    expect(policy).toContain(`script-src ${hashOf(script)};`)
    expect(policy).toContain(`style-src ${hashOf(style)};`)
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
  })

  test('without charts it carries none', async () => {
    const page = htmlReport([await sampleReportRun()], { charts: false })
    expect(page).toContain('<script type="application/json" id="charts">[]</script>')
    expect(page).not.toContain('class="chart"')
  })

  test('begins with the answer, and has proof and environment behind the numbers', async () => {
    const run = await sampleReportRun()
    const page = htmlReport([run])
    const ids = [...page.matchAll(/<h2 id="([a-z]+)">/g)].map(([, id]) => id)
    expect(ids.slice(0, 3)).toEqual(['answer', 'ladder', 'differences'])
    const place = (id: string) => ids.indexOf(id)
    for (const behind of ['proof', 'caveats', 'environment'])
      expect(place(behind)).toBeGreaterThan(place('rounds'))
    expect(page).toContain(`<p class="answer">${answerOf(run)}</p>`)
  })

  test('says components once where they were observed as expected, and both where not', async () => {
    const run = await sampleReportRun()
    const proof = (of: ChartedRun) => {
      const page = htmlReport([of])
      return page.slice(page.indexOf('<h2 id="proof">'), page.indexOf('<h2 id="topology">'))
    }
    expect(proof(run)).not.toMatch(/expected client pod|>observed</)
    const [first, ...others] = run.result.evidence
    const observed = first!.sample.observed.slice(0, -1)
    const evidence = [{ ...first!, sample: { ...first!.sample, observed } }, ...others]
    expect(proof({ ...run, result: { ...run.result, evidence } })).toMatch(
      /expected client pod .*; observed client pod/,
    )
  })

  test('several versions give a matrix of what each path did under each', async () => {
    const page = htmlReport([
      await sampleReportRun({ engineVersion: '1.26.0' }),
      await sampleReportRun({ engineVersion: '1.27.0', id: '2026-11-23t02-02-03z-hop-ladder-8a40' }),
    ])
    const matrix = page.slice(
      page.indexOf('What each path did under each version'),
      page.indexOf('id="runs"'),
    )
    for (const heading of ['by the path rule', 'istio 1.26.0', 'istio 1.27.0'])
      expect(matrix).toContain(`>${heading}</th>`)
    expect(matrix).toContain('5: client pod → ztunnel → east-west gateway → ztunnel → server pod')
    expect(matrix.match(/verdict-proven/g)).toHaveLength(2 * 5)
    expect(matrix).not.toContain('single-control')
  })

  test('a hundred runs take less than 10 MB', { timeout: 120_000 }, async () => {
    const run = await sampleReportRun({ rounds: 60 })
    const runs = Array.from({ length: 100 }, (_, i): ChartedRun => {
      const builds = run.result.builds.map((b) => ({
        ...b,
        engine: { name: 'istio', version: `1.${20 + (i % 10)}.0` },
      }))
      return { ...run, result: { ...run.result, id: `${run.result.id}-${i}`, builds } }
    })
    expect(Buffer.byteLength(htmlReport(runs))).toBeLessThan(10e6)
  })
})

describe.skipIf(chromiumPath === undefined)('the page in a browser', () => {
  let browser: Browser
  let folder: string

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox'] })
    folder = await mkdtemp(path.join(tmpdir(), 'hopmeter-report-'))
  })

  afterAll(async () => {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function open(
    runs: readonly ChartedRun[],
    options: { width: number; height: number; scheme: 'light' | 'dark' },
  ) {
    const file = path.join(folder, `${Math.random().toString(36).slice(2)}.html`)
    await writeFile(file, htmlReport(runs))
    const page = await browser.newPage({
      viewport: { width: options.width, height: options.height },
      colorScheme: options.scheme,
    })
    const problems: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
    })
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith('file:') && !request.url().startsWith('data:'))
        problems.push(request.url())
    })
    await page.goto(`file://${file}`)
    // Every chart is drawn once it was in view.
    for (const chart of await page.locator('.chart').all()) {
      if (!(await chart.isVisible())) continue
      await chart.scrollIntoViewIfNeeded()
      await chart.locator('canvas').waitFor()
    }
    return { page, problems }
  }

  const sizes = [
    { name: 'desktop, light', width: 1280, height: 900, scheme: 'light' },
    { name: 'phone, dark', width: 390, height: 844, scheme: 'dark' },
  ] as const

  test.each(sizes)(
    '$name: no error, no request, accessible, nothing wider than the screen',
    { timeout: 120_000 },
    async (size) => {
      const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
      const cases = {
        plain: [await sampleReportRun()],
        'one round': [await sampleReportRun({ rounds: 1 })],
        'no valid round': [await sampleReportRun({ allFlagged: true })],
        'hostile names': [await sampleReportRun({ rename: hostile })],
        'two versions': [
          await sampleReportRun({ engineVersion: '1.26.0' }),
          await sampleReportRun({ engineVersion: '1.27.0', id: '2026-11-23t02-02-03z-hop-ladder-8a40' }),
        ],
      }
      for (const [name, runs] of Object.entries(cases)) {
        const { page, problems } = await open(runs, size)
        expect({ name, problems }).toEqual({ name, problems: [] })
        const overflow = await page.evaluate<number>(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        expect({ name, overflow }).toEqual({ name, overflow: 0 })
        // The driver's own context runs it, so the page's policy does not forbid it.
        await page.evaluate(axe)
        const violations = await page.evaluate<string[]>(
          `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target).join(' ')))`,
        )
        expect({ name, violations }).toEqual({ name, violations: [] })
        await page.close()
      }
    },
  )

  test('tables sort by a click and by the keyboard, numbers as numbers', async () => {
    const { page } = await open([await sampleReportRun()], sizes[0])
    const table = page.locator('table.sortable').filter({ hasText: 'Latency of each path' })
    const button = table.getByRole('button', { name: 'p50' })
    const values = async () =>
      await table
        .locator('tbody tr > :nth-child(3)')
        .evaluateAll((cells) => cells.map((cell) => Number(cell.textContent)))
    await button.focus()
    await page.keyboard.press('Enter')
    const ascending = await values()
    expect(ascending).toEqual(ascending.toSorted((a, b) => a - b))
    await button.click()
    expect(await values()).toEqual(ascending.toReversed())
    expect(await table.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('descending')
    await page.close()
  })

  test('the theme can be chosen, and charts follow it', async () => {
    const { page } = await open([await sampleReportRun()], sizes[0])
    const corner = `(() => { const c = document.querySelector('.chart canvas'); return [...c.getContext('2d').getImageData(4, 4, 1, 1).data].join() })()`
    expect(await page.evaluate(corner)).toBe('255,255,255,255')
    await page.getByRole('button', { name: 'Light or dark' }).click()
    expect(await page.evaluate(corner)).toBe('20,24,29,255')
    await page.close()
  })

  const pictureOf = async (canvas: Locator) =>
    await canvas.evaluate((c) => (c as unknown as { toDataURL: () => string }).toDataURL())

  test('hovering a chart shows values, and its legend toggles series by pointer and keyboard', async () => {
    const { page, problems } = await open([await sampleReportRun()], sizes[0])
    const figure = page.locator('figure').filter({ has: page.locator('canvas[aria-label^="percentiles"]') })
    const canvas = figure.locator('.chart canvas')
    await canvas.scrollIntoViewIfNeeded()
    await page.mouse.move(0, 0)
    const before = await pictureOf(canvas)
    const box = await canvas.boundingBox()
    await canvas.hover({ position: { x: (box?.width ?? 0) / 2, y: (box?.height ?? 0) / 2 } })
    await expect.poll(async () => await pictureOf(canvas)).not.toBe(before)
    await page.mouse.move(0, 0)
    await expect.poll(async () => await pictureOf(canvas)).toBe(before)

    const names = await figure.getByRole('button').allInnerTexts()
    expect(names).toHaveLength(5)
    expect(names).toContain('gateway')
    const button = figure.getByRole('button', { name: 'gateway', exact: true })
    const pressed = async () => await button.getAttribute('aria-pressed')
    expect(await pressed()).toBe('true')
    await button.focus()
    await page.keyboard.press('Space')
    expect(await pressed()).toBe('false')
    const without = await pictureOf(canvas)
    expect(without).not.toBe(before)
    const outline = await button.evaluate(
      (b) =>
        (
          globalThis as unknown as { getComputedStyle: (e: unknown) => { outlineStyle: string } }
        ).getComputedStyle(b).outlineStyle,
    )
    expect(outline).toBe('solid')
    // The other theme draws the chart anew, and leaves hidden what was hidden.
    await page.getByRole('button', { name: 'Light or dark' }).click()
    expect(await pressed()).toBe('false')
    await page.getByRole('button', { name: 'Light or dark' }).click()
    expect(await pictureOf(canvas)).toBe(without)
    await button.click()
    await page.mouse.move(0, 0)
    expect(await pressed()).toBe('true')
    await expect.poll(async () => await pictureOf(canvas)).toBe(before)
    expect(problems).toEqual([])
    await page.close()
  })

  test('on a phone no table, row or picture is cut', { timeout: 60_000 }, async () => {
    const { page } = await open([await sampleReportRun()], sizes[1])
    for (const fold of await page.locator('details').all())
      await fold.evaluate((d) => d.setAttribute('open', ''))
    const cut = await page.evaluate<string[]>(
      `[...document.querySelectorAll('main *')].filter((e) => e.getClientRects().length > 0 && (e.getBoundingClientRect().right > innerWidth + 1 || (e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1))).map((e) => e.tagName + ' ' + e.className + ' ' + e.textContent.trim().slice(0, 60))`,
    )
    expect(cut).toEqual([])
    await page.close()
  })

  test('charts do not wait for somebody to scroll to them', { timeout: 60_000 }, async () => {
    const file = path.join(folder, 'still.html')
    await writeFile(file, htmlReport([await sampleReportRun()]))
    const page = await browser.newPage({ viewport: { width: 1280, height: 500 } })
    await page.goto(`file://${file}`)
    const charts = await page.locator('.chart').count()
    expect(charts).toBeGreaterThan(4)
    await expect.poll(() => page.locator('.chart canvas').count(), { timeout: 20_000 }).toBe(charts)
    await page.close()
  })

  test('printing unfolds everything', async () => {
    const { page } = await open([await sampleReportRun()], sizes[0])
    await page.emulateMedia({ media: 'print' })
    const legend = page.locator('.legend:not([hidden])')
    expect(await legend.count()).toBeGreaterThan(2)
    for (const one of await legend.all()) expect(await one.isVisible()).toBe(true)
    const pdf = await page.pdf({ format: 'A4' })
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
    expect(pdf.length).toBeGreaterThan(50_000)
    await page.close()
  })
})

function scriptTagsInOwnScript(page: string): number {
  const script = page.slice(page.lastIndexOf('</script>\n') >= 0 ? page.indexOf('<script>') + 8 : 0)
  return script.match(/<script/g)?.length ?? 0
}
