import path from 'node:path'
import { expect, test } from 'vitest'
import { sampleReportRun } from '../testing/sample-runs.ts'
import type { ChartSpec } from './kinds.ts'
import { comparisonCharts } from './models/comparison-charts.ts'
import { chartsOfRun } from './models/run-charts.ts'
import { ladderModel } from './testing/fixtures.ts'
import { hostileNames } from './testing/hostile.ts'
import { chartNames } from './write.ts'

const ladder = (load?: string, about?: string): ChartSpec => ({
  kind: 'ladder',
  model: ladderModel,
  load,
  about,
})

test('files are named by kind and load, whatever else is drawn beside them', async () => {
  const specs = chartsOfRun(await sampleReportRun())
  expect(chartNames(specs)).toEqual(
    expect.arrayContaining(['ladder-pingpong', 'delta-pingpong', 'rounds-pingpong', 'ecdf-pingpong']),
  )
  const [rounds] = specs.filter((spec) => spec.kind === 'rounds')
  expect(rounds && chartNames([rounds])).toEqual(['rounds-pingpong'])
  expect(chartNames([ladder('closed-c16'), ladder('closed-c64')])).toEqual([
    'ladder-closed-c16',
    'ladder-closed-c64',
  ])
})

test('comparisons name both sides', async () => {
  const runs = [
    await sampleReportRun({ engineVersion: '1.26.0' }),
    await sampleReportRun({ engineVersion: '1.27.0', id: '2026-11-23t02-02-03z-hop-ladder-8a40' }),
  ]
  expect(chartNames(comparisonCharts(runs))).toEqual([
    'delta-istio-1.27.0-against-istio-1.26.0',
    'versions-pingpong',
  ])
})

test('names never collide and never leave the folder', () => {
  const specs = [...hostileNames, '..', '../../etc/passwd', 'a/b', 'a-b', '.', 'CON', '-rf'].flatMap(
    (name) => [ladder(name), ladder('x', name)],
  )
  const names = chartNames(specs)
  expect(new Set(names).size).toBe(specs.length)
  for (const name of names) {
    expect(name).toMatch(/^ladder-[a-z0-9][a-z0-9.-]*$/)
    expect(name).not.toContain('..')
    expect(name.length).toBeLessThan(140)
    expect(path.dirname(path.join('/charts', `${name}.png`))).toBe('/charts')
  }
})
