import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { ladderChart } from './ladder.ts'
import { renderChart } from './render.ts'
import { ladderModel, ladderOf } from './testing/fixtures.ts'
import { hostileNames } from './testing/hostile.ts'
import { inspectChart } from './testing/inspect.ts'
import { pixelsOf } from './testing/pixels.ts'
import { rmSync } from 'node:fs'

const run = promisify(execFile)
const scratch = path.join(tmpdir(), `hopmeter-render-${process.pid}.mts`)
afterAll(() => rmSync(scratch, { force: true }))

test('a PNG has two pixels per point', async () => {
  const png = await renderChart(ladderChart(ladderModel), { format: 'png', width: 800, height: 450 })
  const { width, height } = await pixelsOf(png)
  expect([width, height]).toEqual([1600, 900])
})

test('drawing twice gives the same bytes', async () => {
  const draw = async () => await renderChart(ladderChart(ladderModel), { format: 'png', theme: 'dark' })
  expect((await draw()).equals(await draw())).toBe(true)
})

test('known labels have ink where they were placed', async () => {
  const drawing = ladderChart(ladderModel)
  const { texts, stage } = await inspectChart(drawing)
  const pixels = await pixelsOf(await renderChart(drawing, { format: 'png' }))
  for (const label of [ladderModel.title, 'gateway', '353 µs', '6 components']) {
    const box = texts.find(({ text }) => text === label)
    if (!box) throw new Error(`${label} was not drawn`)
    expect(pixels.inked(box, stage.theme.background)).toBeGreaterThan(0.1)
  }
})

test('an SVG scales, needs no font and names itself to screen readers', async () => {
  const description = hostileNames.join(' ')
  const svg = (
    await renderChart(ladderChart(ladderOf(hostileNames)), { format: 'svg', description })
  ).toString()
  expect(svg).toMatch(/<svg [^>]*viewBox="0 0 1200 675"/)
  expect(svg).not.toMatch(/<text|<script|<img|href=/i)
  expect(svg.match(/<svg/g)).toHaveLength(1)
  expect(svg).toContain('<title>&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(svg.length).toBeLessThan(1_500_000)
})

test.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')(
  'a machine without fonts draws the same picture',
  async () => {
    const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
    const program = `
      import { ladderChart } from ${JSON.stringify(here('./ladder.ts'))}
      import { renderChart } from ${JSON.stringify(here('./render.ts'))}
      import { ladderModel } from ${JSON.stringify(here('./testing/fixtures.ts'))}
      import { createHash } from 'node:crypto'
      import { readdirSync } from 'node:fs'
      const png = await renderChart(ladderChart(ladderModel), { format: 'png' })
      console.log(readdirSync('/usr/share/fonts').length, createHash('sha256').update(png).digest('hex'))`
    await writeFile(scratch, program)
    const hideFonts =
      'mkdir -p /usr/share/fonts; for d in /usr/share/fonts /usr/local/share/fonts; do [ ! -d $d ] || mount -t tmpfs none $d; done; exec "$@"'
    const { stdout } = await run(
      'unshare',
      ['--mount', 'sh', '-c', hideFonts, 'sh', process.execPath, '--import', 'tsx', scratch],
      { cwd: here('.'), env: { ...process.env, HOME: '/nonexistent' } },
    )
    const png = await renderChart(ladderChart(ladderModel), { format: 'png' })
    expect(stdout.trim()).toBe(`0 ${createHash('sha256').update(png).digest('hex')}`)
  },
)
