import { expect, test } from 'vitest'
import { ladderChart } from './ladder.ts'
import { renderChart } from './render.ts'
import { emptyLadder, ladderModel, ladderOf, oneRoundLadder } from './testing/fixtures.ts'
import { hostileNames } from './testing/hostile.ts'
import { inspectChart, textFaults } from './testing/inspect.ts'
import { pixelsOf } from './testing/pixels.ts'
import { themes } from './theme.ts'
import { componentColor } from './topology-colors.ts'

test('draws title, subtitle, units, every path with its components, value and step', async () => {
  const { texts } = await inspectChart(ladderChart(ladderModel))
  const drawn = texts.map(({ text }) => text)
  expect(drawn).toEqual(
    expect.arrayContaining([
      ladderModel.title,
      ladderModel.subtitle,
      ladderModel.caption,
      'median (p50), µs',
      'p99, µs',
      'no-mesh',
      'load-balancer',
      '2 components',
      '6 components',
      '353 µs',
      '+43.1 µs',
      '[+41.5, +44.7]',
      'load balancer',
      '1,010',
      '0',
    ]),
  )
})

test('is clean in every size, theme and number of paths', { timeout: 120_000 }, async () => {
  const cases = {
    plain: [ladderModel, {}],
    dark: [ladderModel, { theme: 'dark' as const }],
    small: [ladderModel, { width: 640, height: 480 }],
    large: [ladderModel, { width: 2000, height: 1125 }],
    'one round': [oneRoundLadder, {}],
    'no valid round': [emptyLadder, {}],
    'one path': [ladderOf(['only']), {}],
    'twelve paths': [ladderOf(Array.from({ length: 12 }, (_, i) => `path-number-${i + 1}`)), {}],
    'hostile names': [ladderOf(hostileNames), {}],
  } as const
  for (const [name, [model, options]] of Object.entries(cases)) {
    const inspection = await inspectChart(ladderChart(model), options)
    expect({ name, faults: textFaults(inspection) }).toEqual({ name, faults: [] })
  }
})

test('a clear step colours the top of its bar with the component that it adds, an unclear one nothing', async () => {
  const pixels = await pixelsOf(await renderChart(ladderChart(ladderModel), { format: 'png' }))
  const { texts } = await inspectChart(ladderChart(ladderModel))
  const colorsOf = (name: string) => {
    const label = texts.findLast(({ text }) => text === name)
    const x = ((label?.left ?? 0) + (label?.right ?? 0)) / 2 - 30
    return (['ztunnel', 'east-west-gateway', 'load-balancer'] as const).filter((kind) =>
      Array.from({ length: 340 }, (_, i) => 90 + i).some((y) =>
        isColor(pixels, x, y, componentColor(themes.light, kind).fill),
      ),
    )
  }
  expect(colorsOf('single-cluster')).toEqual(['ztunnel'])
  expect(colorsOf('same-network')).toEqual([])
  expect(colorsOf('gateway')).toEqual(['east-west-gateway'])
  expect(colorsOf('load-balancer')).toEqual(['load-balancer'])
})

test('the components of each path stand under its name, and a key says what the letters are', async () => {
  const { texts } = await inspectChart(ladderChart(ladderModel))
  const label = texts.find(({ text }) => text === 'load-balancer')
  const letters = texts.filter(
    (t) =>
      t.text.length === 1 &&
      /[A-Z]/.test(t.text) &&
      Math.abs(t.left - (label?.left ?? 0)) < 120 &&
      t.left > 950,
  )
  expect(letters.map(({ text }) => text).join('')).toBe('CZLGZS')
  const drawn = texts.map(({ text }) => text)
  expect(drawn).toEqual(expect.arrayContaining(['client pod', 'ztunnel', 'east-west gateway', 'server pod']))
})

test('the value axis starts at zero', async () => {
  const { config } = await inspectChart(ladderChart(ladderModel))
  expect(config.options?.scales?.['p50']).toMatchObject({ min: 0 })
  expect(config.options?.scales?.['p99']).toMatchObject({ min: 0 })
})

test('bars stand in the picture with the heights of their values', async () => {
  const { texts } = await inspectChart(ladderChart(ladderModel))
  const pixels = await pixelsOf(await renderChart(ladderChart(ladderModel), { format: 'png' }))
  const kinds = ['ztunnel', 'east-west-gateway', 'load-balancer'] as const
  const fills = [themes.light.bar, ...kinds.map((kind) => componentColor(themes.light, kind).fill)]
  const heights = ladderModel.paths.map((path) => {
    const label = texts.findLast(({ text }) => text === path.name)
    if (!label) throw new Error(`no label for ${path.name}`)
    const x = (label.left + label.right) / 2 - 30
    let rows = 0
    for (let y = 90; y < 430; y += 0.5) {
      if (fills.some((color) => isColor(pixels, x, y, color))) rows += 0.5
    }
    return rows
  })
  const first = heights[0] ?? 0
  const ratios = heights.map((height) => height / first)
  const expected = ladderModel.paths.map((p) => (p.p50Ns?.estimate ?? 0) / 78.2e3)
  for (const [index, ratio] of ratios.entries()) {
    expect(Math.abs(ratio - (expected[index] ?? 0))).toBeLessThan(0.1)
  }
})

test('a difference of zero carries no sign and a negative one a real minus', async () => {
  const step = (us: number) => ({ addsNs: { estimate: us * 1e3 }, label: 'x' })
  const [a, b] = [ladderModel.paths[1], ladderModel.paths[2]]
  if (!a || !b) throw new Error('fixture')
  const { texts } = await inspectChart(
    ladderChart({ ...ladderModel, paths: [a, { ...b, step: step(-4.25) }, { ...b, step: step(0) }] }),
  )
  const drawn = texts.map(({ text }) => text)
  expect(drawn).toContain('−4.25 µs')
  expect(drawn).toContain('0.00 µs')
})

function isColor(
  pixels: { width: number; data: Uint8ClampedArray },
  x: number,
  y: number,
  color: string,
): boolean {
  const at = (Math.round(y * 2) * pixels.width + Math.round(x * 2)) * 4
  return [1, 3, 5].every(
    (from, channel) =>
      Math.abs(Number.parseInt(color.slice(from, from + 2), 16) - (pixels.data[at + channel] ?? 0)) < 8,
  )
}
