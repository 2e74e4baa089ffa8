import { expect, test } from 'vitest'
import { sampleReportRun } from '../../testing/sample-runs.ts'
import { drawingOf } from '../kinds.ts'
import type { ChartSpec } from '../kinds.ts'
import { hostileNames } from '../testing/hostile.ts'
import { inspectChart, textFaults } from '../testing/inspect.ts'
import { versionsSpec } from './comparison-charts.ts'
import { chartsOfRun } from './run-charts.ts'

type ModelOf<K extends ChartSpec['kind']> = Extract<ChartSpec, { kind: K }>['model']

function specOf<K extends ChartSpec['kind']>(specs: readonly ChartSpec[], kind: K): ModelOf<K> {
  const found = specs.find((spec) => spec.kind === kind)
  if (!found) throw new Error(`no ${kind} chart`)
  return found.model as ModelOf<K>
}

test('the ladder holds the numbers of the summary', async () => {
  const run = await sampleReportRun()
  const { paths } = specOf(chartsOfRun(run), 'ladder')
  expect(paths.map(({ name, hops }) => [name, hops])).toEqual([
    ['no-mesh', 2],
    ['single', 4],
    ['same-network', 4],
    ['gateway', 5],
    ['load-balancer', 6],
  ])
  for (const path of paths) {
    const own = run.summary.paths.find((p) => p.path === path.name)
    expect(path.p50Ns?.estimate).toBe(own?.quantiles.p50.estimate)
  }
  expect(paths[3]?.step?.label).toBe('east-west gateway')
})

test('bands come with rounds, hold the estimate and rise with the quantile', async () => {
  const [few, many] = [await sampleReportRun({ rounds: 3 }), await sampleReportRun({ rounds: 12 })]
  expect(specOf(chartsOfRun(few), 'percentiles').series.every((one) => one.band === undefined)).toBe(true)
  for (const { points, band } of specOf(chartsOfRun(many), 'percentiles').series) {
    if (!band) throw new Error('no band')
    for (const [index, { lowNs, highNs }] of band.entries()) {
      expect(lowNs).toBeLessThanOrEqual((points[index]?.ns ?? 0) * 1.02)
      expect(highNs).toBeGreaterThanOrEqual((points[index]?.ns ?? 0) * 0.98)
      expect(lowNs).toBeGreaterThanOrEqual(band[index - 1]?.lowNs ?? 0)
    }
  }
})

test('a path keeps its place in every chart', async () => {
  const charts = chartsOfRun(await sampleReportRun())
  const names = specOf(charts, 'rounds').series.map((one) => one.name)
  expect(specOf(charts, 'percentiles').series.map((one) => one.name)).toEqual(names)
  expect(specOf(charts, 'ecdf').series.map((one) => one.name)).toEqual(names)
})

test('runs of several engines give one line per path, in version order', async () => {
  const versions = ['1.27.0', '1.9.2', '1.26.1']
  const runs = await Promise.all(
    versions.map(async (engineVersion) => await sampleReportRun({ engineVersion })),
  )
  const spec = versionsSpec(runs.map((run) => run.result))
  expect(spec?.kind === 'versions' && spec.model.versions).toEqual([
    'istio 1.9.2',
    'istio 1.26.1',
    'istio 1.27.0',
  ])
})

test(
  'every chart of a run with hostile names, one round or no valid round is clean',
  { timeout: 120_000 },
  async () => {
    const runs = [
      await sampleReportRun({ rename: (name) => hostileNames[name.length % hostileNames.length] ?? name }),
      await sampleReportRun({ rounds: 1 }),
      await sampleReportRun({ allFlagged: true }),
    ]
    for (const spec of runs.flatMap(chartsOfRun)) {
      const faults = textFaults(await inspectChart(drawingOf(spec)))
      expect({ kind: spec.kind, faults }).toEqual({ kind: spec.kind, faults: [] })
    }
  },
)
