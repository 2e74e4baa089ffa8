import { expect, test } from 'vitest'
import { deltaChart } from './delta.ts'
import { ecdfChart } from './ecdf.ts'
import { newVsReusedChart } from './new-vs-reused.ts'
import { percentilesChart } from './percentiles.ts'
import { drawingOf, heightOf, type ChartSpec } from './kinds.ts'
import { spreadOut } from './end-labels.ts'
import { printStage, renderChart } from './render.ts'
import type { RenderOptions } from './render.ts'
import { roundsChart } from './rounds.ts'
import type { Drawing } from './stage.ts'
import { seriesStyle, themes } from './theme.ts'
import {
  deltaModel,
  deltaOf,
  ecdfOf,
  ladderModel,
  ladderOf,
  newVsReusedOf,
  percentilesOf,
  roundsOf,
  topologyModel,
  topologyOf,
  versionsOf,
} from './testing/fixtures.ts'
import { colorDistance, contrast, countColors, visions } from './testing/colors.ts'
import { hostileNames } from './testing/hostile.ts'
import { inspectChart, textFaults } from './testing/inspect.ts'
import { pixelsOf } from './testing/pixels.ts'
import { topologyChart } from './topology.ts'
import { versionsChart } from './versions.ts'

const names = ladderModel.paths.map((path) => path.name)
const twelve = Array.from({ length: 12 }, (_, index) => `path-number-${index + 1}`)

/** Drawn at the height that files and pages give it. */
function sized(spec: ChartSpec, width = 1200): Omit<RenderOptions, 'format'> {
  return { width, height: heightOf(spec, printStage({ width })) }
}

type Case = readonly [name: string, drawing: Drawing, options: Omit<RenderOptions, 'format'>]

const kinds: readonly (readonly [string, (names: readonly string[]) => ChartSpec])[] = [
  ['ladder', (series) => ({ kind: 'ladder', model: ladderOf(series) })],
  ['percentiles', (series) => ({ kind: 'percentiles', model: percentilesOf(series) })],
  ['ecdf', (series) => ({ kind: 'ecdf', model: ecdfOf(series) })],
  ['delta', (series) => ({ kind: 'delta', model: deltaOf(series) })],
  ['rounds', (series) => ({ kind: 'rounds', model: roundsOf(series) })],
  ['versions', (series) => ({ kind: 'versions', model: versionsOf(6, series) })],
  ['new-vs-reused', (series) => ({ kind: 'new-vs-reused', model: newVsReusedOf(series) })],
  ['topology', (series) => ({ kind: 'topology', model: topologyOf(series) })],
]
const topologySpec: ChartSpec = { kind: 'topology', model: topologyModel }
const manyRows: ChartSpec = { kind: 'delta', model: deltaOf([...twelve, ...twelve, ...twelve.slice(6)]) }

const cases: readonly Case[] = [
  ...kinds.flatMap(([kind, spec]): Case[] => {
    const at = (width: number, series = names): Case => [
      `${kind}, ${width} wide`,
      drawingOf(spec(series)),
      sized(spec(series), width),
    ]
    const of = (what: string, series: readonly string[]): Case => [
      `${kind}, ${what}`,
      drawingOf(spec(series)),
      sized(spec(series)),
    ]
    return [
      ...[600, 1200, 1600].map((width) => at(width)),
      [`${kind}, dark, 800 wide`, drawingOf(spec(names)), { ...sized(spec(names), 800), theme: 'dark' }],
      of('one path', ['only']),
      of('12 paths', twelve),
      [`${kind}, 12 paths, small`, drawingOf(spec(twelve)), sized(spec(twelve), 600)],
      of('hostile names', hostileNames),
      [`${kind}, hostile names, small`, drawingOf(spec(hostileNames)), sized(spec(hostileNames), 600)],
    ]
  }),
  ['rounds, one round', roundsChart(roundsOf(names, 1, 1)), {}],
  ['rounds, no round', roundsChart(roundsOf(names, 0, 0)), {}],
  ['rounds, 10 builds', roundsChart(roundsOf(names, 400, 10)), {}],
  ['versions, one version', versionsChart(versionsOf(1, names)), {}],
  ['versions, 30 versions', versionsChart(versionsOf(30, names)), {}],
  ['versions, 30 versions, small', versionsChart(versionsOf(30, names)), { width: 640, height: 480 }],
  ['delta, groups', deltaChart(deltaModel), sized({ kind: 'delta', model: deltaModel })],
  ['delta, 30 rows', drawingOf(manyRows), sized(manyRows)],
  ['topology, mixed', topologyChart(topologyModel), sized(topologySpec)],
  ['topology, mixed, small', topologyChart(topologyModel), sized(topologySpec, 600)],
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
  [
    'rounds',
    roundsChart(roundsOf(names)),
    ['build 1', 'build 3', 'p50, µs', 'round, in time order', 'gateway'],
  ],
  ['versions', versionsChart(versionsOf(30, names)), ['1.24.0', '1.29.4', 'median (p50), µs', 'version']],
  [
    'new-vs-reused',
    newVsReusedChart(newVsReusedOf(names)),
    ['new connection', 'reused connection', '6 components', '2,060 µs', '×6.4', 'median (p50), µs'],
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

test.each(kinds)('%s without data says so, cleanly', async (kind, spec) => {
  const inspection = await inspectChart(drawingOf(spec([])), sized(spec([])))
  expect(textFaults(inspection)).toEqual([])
  const { texts } = inspection
  const notices = [
    'no valid round',
    'nothing to compare',
    'no round was measured',
    'no version has a valid round',
  ]
  const isSaid = texts.some(({ text }) => notices.includes(text))
  expect(isSaid).toBe(!['topology', 'ladder'].includes(kind))
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

test('an interval that cannot tell does not squeeze those that can, and zero is always on the axis', async () => {
  const { config } = await inspectChart(deltaChart(deltaModel))
  const axis = config.options?.scales?.['x'] as { min: number; max: number }
  expect(axis.max).toBeGreaterThan(302)
  expect(axis.max).toBeLessThan(302 * 1.3)
  expect(axis.min).toBeLessThan(-118)
  const slower = deltaModel.rows.filter((row) => row.verdict === 'slower')
  const { config: oneSided } = await inspectChart(deltaChart({ ...deltaModel, rows: slower }))
  const narrow = oneSided.options?.scales?.['x'] as { min: number; max: number }
  expect(narrow.min).toBeLessThan(0)
  expect(-narrow.min).toBeLessThan(narrow.max / 5)
})

test('a narrow forest plot keeps estimates and verdicts, and leaves intervals to the lines', async () => {
  const spec: ChartSpec = { kind: 'delta', model: deltaModel }
  const { texts } = await inspectChart(drawingOf(spec), sized(spec, 600))
  const drawn = texts.map(({ text }) => text)
  expect(drawn).toEqual(expect.arrayContaining(['+76.7', 'slower', 'gateway − same-network']))
  expect(drawn.join()).not.toContain('[+74.8')
})

test('lines are named at their ends, in the order in which they end', async () => {
  const { texts } = await inspectChart(percentilesChart(percentilesOf(names)))
  const ends = names.map((name) => texts.find(({ text }) => text === name)?.top ?? Number.NaN)
  // The fixture's series rise with their index, so later names stand higher.
  expect(ends).toEqual(ends.toSorted((a, b) => b - a))
})

test('labels that would cover each other move apart, keep their order and stay inside', () => {
  const ends = [10, 12, 12, 13, 99].map((y) => ({ y }))
  const placed = spreadOut(ends, 10, { top: 0, bottom: 100 })
  for (const [index, { labelY }] of placed.entries()) {
    expect(labelY).toBeGreaterThanOrEqual(0)
    expect(labelY).toBeLessThanOrEqual(100)
    expect(labelY - (placed[index - 1]?.labelY ?? -10)).toBeGreaterThan(9.99)
  }
})

test('narrow topologies leave no component out and cut none short', async () => {
  const { texts } = await inspectChart(topologyChart(topologyModel), sized(topologySpec, 600))
  const drawn = texts.map(({ text }) => text)
  expect(drawn).toEqual(expect.arrayContaining(['load balancer', 'east-west gateway', 'balancer', 'west/n1']))
  expect(drawn.filter((text) => text.endsWith('…'))).toEqual([])
})

test.each(['light', 'dark'] as const)('%s series stay apart for every common colour blindness', (name) => {
  const { series } = themes[name]
  for (const vision of Object.keys(visions) as (keyof typeof visions)[]) {
    for (const [index, first] of series.entries()) {
      for (const [other, second] of series.entries()) {
        if (other <= index) continue
        const least = other < 6 ? 0.1 : 0.07
        expect({ vision, first, second, apart: colorDistance(first, second, vision) >= least }).toEqual({
          vision,
          first,
          second,
          apart: true,
        })
      }
    }
  }
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
