import { describe, expect, test } from 'vitest'
import { sampleVariants } from '../../../results/testing/sample-variants.ts'
import { temporaryDirectory } from '../../../results/testing/temporary.ts'
import { loadScenario } from '../../../scenario/load.ts'
import { sampleReportRun } from '../../testing/sample-runs.ts'
import { drawingOf, heightOf, type ChartSpec } from '../kinds.ts'
import { printStage } from '../render.ts'
import { hostileNames } from '../testing/hostile.ts'
import { inspectChart, textFaults } from '../testing/inspect.ts'
import { chartNames, chartsOf } from '../write.ts'
import { comparisonCharts } from './comparison-charts.ts'
import { chartsOfRun } from './run-charts.ts'

type ModelOf<K extends ChartSpec['kind']> = Extract<ChartSpec, { kind: K }>['model']

function modelsOf<K extends ChartSpec['kind']>(specs: readonly ChartSpec[], kind: K): ModelOf<K>[] {
  return specs.filter((spec) => spec.kind === kind).map((spec) => spec.model as ModelOf<K>)
}

const sample = async (variants = sampleVariants, rounds = 1) =>
  await sampleReportRun({ restarts: 6, rounds, variants })

describe('charts of variants', () => {
  test('the forest plot has each path once per quantile, named as in the scenario', async () => {
    const run = await sample()
    const [delta, ...more] = modelsOf(chartsOfRun(run), 'delta')
    expect(more).toEqual([])
    expect(delta?.title).toMatch(/^pr against base at p50: /)
    expect(delta?.rows.map(({ group, label }) => `${group} ${label}`)).toEqual(
      ['p50', 'p90', 'p99'].flatMap((quantile) =>
        ['no-mesh', 'single', 'same-network', 'gateway', 'load-balancer'].map(
          (path) => `${quantile} ${path}`,
        ),
      ),
    )
    const rows = run.summary.variants!.rows.filter(({ quantile }) => quantile === 'p50')
    expect(delta?.rows[3]?.differenceNs?.estimate).toBe(rows[3]?.comparison.difference)
  })

  test('with several others each has groups of its own', async () => {
    const four = ['base', 'a', 'b', 'c'].map((name) => ({ name }))
    const [delta] = modelsOf(chartsOfRun(await sample(four)), 'delta')
    expect([...new Set(delta?.rows.map(({ group }) => group))]).toEqual(
      ['p50', 'p99'].flatMap((quantile) => ['a', 'b', 'c'].map((variant) => `${quantile}, ${variant}`)),
    )
  })

  test('versions have a column per variant, with its engine', async () => {
    const run = await sample()
    const [versions, ...more] = modelsOf(chartsOfRun(run), 'versions')
    expect(more).toEqual([])
    expect(versions).toMatchObject({
      versions: ['base', 'pr'],
      details: ['lab-ztunnel 1.30.3', 'lab-ztunnel 1.31.0'],
      axis: 'variant',
      title: 'Did the cost of a path change between base and pr?',
    })
    const single = run.summary.paths.find(({ path }) => path === 'single@pr')
    expect(versions?.series.map(({ name }) => name)).toContain('single')
    const drawn = versions?.series.find(({ name }) => name === 'single')?.values[1]
    expect(drawn?.estimate).toBe(single?.quantiles.p50.estimate)
    expect(comparisonCharts([run])).toEqual([])
    expect(modelsOf(comparisonCharts([run, run]), 'versions')).toHaveLength(1)
  })

  test('each variant has a ladder of its own, which holds its numbers', async () => {
    const run = await sample()
    const ladders = modelsOf(chartsOfRun(run), 'ladder')
    expect(ladders.map(({ title }) => title.split(':')[0])).toEqual(['base', 'pr'])
    for (const [i, variant] of ['base', 'pr'].entries()) {
      expect(ladders[i]?.paths.map(({ name }) => name)).toContain('load-balancer')
      for (const path of ladders[i]?.paths ?? []) {
        const own = run.summary.paths.find((p) => p.path === `${path.name}@${variant}`)
        expect(path.p50Ns?.estimate).toBe(own?.quantiles.p50.estimate)
      }
    }
    const percentiles = modelsOf(chartsOfRun(run), 'percentiles')
    expect(percentiles.map(({ series }) => series.map(({ name }) => name))).toEqual(
      [0, 1].map(() => ['no-mesh', 'single', 'same-network', 'gateway', 'load-balancer']),
    )
  })

  test('captions name the load balancer of each variant where they differ', async () => {
    const run = await sample()
    const captionOf = (kind: ChartSpec['kind'], { result }: typeof run) =>
      chartsOfRun({ ...run, result }).find((spec) => spec.kind === kind)?.model.caption
    expect(captionOf('delta', run)).toContain('Load balancer: lab-node.')
    const builds = run.result.builds.map((build) => ({
      ...build,
      variants: build.variants?.map((own) => (own.name === 'pr' ? { ...own, loadBalancer: 'haproxy' } : own)),
    }))
    const other = { ...run, result: { ...run.result, builds } }
    expect(captionOf('delta', other)).toContain('Load balancer: lab-node (base), haproxy (pr).')
    expect(captionOf('ladder', other)).toContain('Load balancer: lab-node.')
  })

  test('the topology shows each path once', async () => {
    const { text, scenario } = await loadScenario('hop-ladder')
    const header = { scenario: { name: scenario.name, title: scenario.title, text, hash: 'sha256:0' } }
    const run = await sampleReportRun({ restarts: 1, rounds: 1, variants: sampleVariants, header })
    const [topology] = modelsOf(chartsOfRun(run), 'topology')
    expect(topology?.paths.map(({ name }) => name)).toEqual([
      ...['no-mesh', 'single', 'same-network', 'gateway', 'load-balancer'],
    ])
    expect(JSON.stringify(topology?.paths)).not.toContain('variant')
  })

  test('no two charts get one name, of one run or of two', async () => {
    const run = await sample()
    const names = chartNames(chartsOfRun(run))
    expect(names).toContain('delta-pingpong')
    expect(names).toContain('ladder-pingpong-base')
    expect(names).toContain('ladder-pingpong-pr')
    const stored = [run, run].map(({ result }, i) => ({
      result: { ...result, id: `${result.id.slice(0, -1)}${i}` },
      path: temporaryDirectory(),
      rebuilt: false,
    }))
    const two = await chartsOf(stored)
    expect(two.length).toBeGreaterThan(2 * names.length)
    expect(new Set(chartNames(two)).size).toBe(two.length)
  })

  test('whatever the variants are called, every chart is clean', { timeout: 120_000 }, async () => {
    const names = hostileNames.filter((name) => name !== '').slice(0, 3)
    const run = await sample(names.map((name) => ({ name, engine: { name, version: name } })))
    for (const spec of chartsOfRun(run)) {
      const faults = textFaults(
        await inspectChart(drawingOf(spec), { height: heightOf(spec, printStage({})) }),
      )
      expect({ kind: spec.kind, faults }).toEqual({ kind: spec.kind, faults: [] })
    }
  })
})
