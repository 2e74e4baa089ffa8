import { expect, test } from 'vitest'
import { deltaChart, deltaHeight } from './delta.ts'
import { ecdfChart } from './ecdf.ts'
import { newVsReusedChart } from './new-vs-reused.ts'
import { percentilesChart } from './percentiles.ts'
import { renderChart } from './render.ts'
import type { RenderOptions } from './render.ts'
import { roundsChart } from './rounds.ts'
import type { Drawing } from './stage.ts'
import { seriesStyle, themes } from './theme.ts'
import {
  deltaModel,
  deltaOf,
  ecdfOf,
  ladderModel,
  newVsReusedOf,
  percentilesOf,
  roundsOf,
  topologyModel,
  topologyOf,
  versionsOf,
} from './testing/fixtures.ts'
import { hostileNames } from './testing/hostile.ts'
import { inspectChart, textFaults } from './testing/inspect.ts'
import { pixelsOf } from './testing/pixels.ts'
import { topologyChart, topologyHeight } from './topology.ts'
import { versionsChart } from './versions.ts'

const names = ladderModel.paths.map((path) => path.name)
const twelve = Array.from({ length: 12 }, (_, index) => `path-number-${index + 1}`)

type Case = readonly [name: string, drawing: Drawing, options: Omit<RenderOptions, 'format'>]

const kinds: readonly (readonly [string, (names: readonly string[]) => Drawing])[] = [
  ['percentiles', (series) => percentilesChart(percentilesOf(series))],
  ['ecdf', (series) => ecdfChart(ecdfOf(series))],
  ['delta', (series) => deltaChart(deltaOf(series))],
  ['rounds', (series) => roundsChart(roundsOf(series))],
  ['versions', (series) => versionsChart(versionsOf(6, series))],
  ['new-vs-reused', (series) => newVsReusedChart(newVsReusedOf(series))],
  ['topology', (series) => topologyChart(topologyOf(series))],
]

const cases: readonly Case[] = [
  ...kinds.flatMap(([kind, draw]): Case[] => [
    [`${kind}, light`, draw(names), {}],
    [`${kind}, dark and small`, draw(names), { theme: 'dark', width: 640, height: 480 }],
    [`${kind}, one path`, draw(['only']), {}],
    [`${kind}, 12 paths`, draw(twelve), { height: 760 }],
    [`${kind}, hostile names`, draw(hostileNames), { height: 760 }],
    [`${kind}, nothing`, draw([]), {}],
  ]),
  ['rounds, one round', roundsChart(roundsOf(names, 1, 1)), {}],
  ['rounds, no round', roundsChart(roundsOf(names, 0, 0)), {}],
  ['rounds, 10 builds', roundsChart(roundsOf(names, 400, 10)), {}],
  ['versions, one version', versionsChart(versionsOf(1, names)), {}],
  ['versions, 30 versions', versionsChart(versionsOf(30, names)), {}],
  ['versions, 30 versions, small', versionsChart(versionsOf(30, names)), { width: 640, height: 480 }],
  ['delta, groups', deltaChart(deltaModel), {}],
  ['delta, 30 rows', deltaChart(deltaOf([...twelve, ...twelve, ...twelve.slice(6)])), { height: 1090 }],
  ['topology, mixed', topologyChart(topologyModel), { height: topologyHeight(topologyModel) }],
]

test.each(cases)('%s: no text leaves the picture or covers another', async (_, drawing, options) => {
  expect(textFaults(await inspectChart(drawing, options))).toEqual([])
})

test.each([
  ['percentiles', percentilesChart(percentilesOf(names)), ['99.9%', 'latency, µs, logarithmic']],
  [
    'ecdf',
    ecdfChart(ecdfOf(names)),
    ['requests answered, %', 'latency (axis ends at p99.5), µs, logarithmic'],
  ],
  [
    'delta',
    deltaChart(deltaModel),
    [
      'p50',
      'gateway − same-network',
      'slower',
      'cannot tell',
      '+76.7 [+74.8, +78.6]',
      '−88 [−118, −58]',
      'no value',
    ],
  ],
  ['rounds', roundsChart(roundsOf(names)), ['build 1', 'build 3', 'p50, µs', 'round, in time order']],
  ['versions', versionsChart(versionsOf(30, names)), ['1.24.0', '1.29.4', 'median (p50), µs', 'version']],
  [
    'new-vs-reused',
    newVsReusedChart(newVsReusedOf(names)),
    ['new connection', 'reused connection', '6 components', '2,060', 'median (p50), µs'],
  ],
  [
    'topology',
    topologyChart(topologyModel),
    [
      'network network-east',
      'east-2',
      'load balancer',
      'pod CIDRs routed one way (bgp)',
      '20 ms round trip',
      'no path',
    ],
  ],
] as const)('%s draws its labels and units', async (_, drawing, labels) => {
  const { texts } = await inspectChart(drawing)
  expect(texts.map(({ text }) => text)).toEqual(expect.arrayContaining([...labels]))
})

test.each(kinds)('%s without data says so', async (kind, draw) => {
  const { texts } = await inspectChart(draw([]))
  const notices = [
    'no valid round',
    'nothing to compare',
    'no round was measured',
    'no version has a valid round',
  ]
  const isSaid = texts.some(({ text }) => notices.includes(text))
  expect(isSaid).toBe(kind !== 'topology')
})

test('every series has ink of its own colour', async () => {
  for (const theme of ['light', 'dark'] as const) {
    const png = await renderChart(percentilesChart(percentilesOf(names)), { format: 'png', theme })
    const counts = countColors(
      (await pixelsOf(png)).data,
      names.map((_, index) => seriesStyle(themes[theme], index).color),
    )
    for (const count of counts) expect(count).toBeGreaterThan(2000)
  }
})

test('24 series differ in colour or dash', () => {
  const looks = Array.from({ length: 24 }, (_, index) => {
    const { color, dash } = seriesStyle(themes.light, index)
    return `${color} ${dash.join(' ')}`
  })
  expect(new Set(looks).size).toBe(24)
})

test('an interval that cannot tell does not squeeze those that can', async () => {
  const { config } = await inspectChart(deltaChart(deltaModel))
  const axis = config.options?.scales?.['x'] as { max: number }
  expect(axis.max).toBeCloseTo(302 * 1.12, 5)
  expect(deltaHeight(deltaModel)).toBeGreaterThan(400)
})

test('text and every colour that text is set in have the contrast of WCAG AA', () => {
  for (const theme of Object.values(themes)) {
    for (const color of [theme.text, theme.muted, theme.accent, theme.good, theme.bad]) {
      expect(contrast(color, theme.background)).toBeGreaterThanOrEqual(4.5)
      expect(contrast(color, theme.surface)).toBeGreaterThanOrEqual(4.5)
    }
    for (const color of theme.series) expect(contrast(color, theme.background)).toBeGreaterThanOrEqual(3)
  }
})

function countColors(data: Uint8ClampedArray, colors: readonly string[]): number[] {
  const wanted = colors.map((color) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)))
  const counts = wanted.map(() => 0)
  for (let at = 0; at < data.length; at += 4) {
    for (const [index, [red, green, blue]] of wanted.entries()) {
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue)
        counts[index] = (counts[index] ?? 0) + 1
    }
  }
  return counts
}

/** WCAG 2.2 contrast ratio of two `#rrggbb` colours. */
function contrast(first: string, second: string): number {
  const luminance = (color: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255
      return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [light = 0, dark = 0] = [luminance(first), luminance(second)].toSorted((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}
