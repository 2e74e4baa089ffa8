import { describe, expect, test } from 'vitest'
import type { RunResult } from '../results/schema.ts'
import { comparePaths } from './compare-paths.ts'
import { compareRuns } from './compare-runs.ts'
import { parseFailRule, regressions } from './fail-on.ts'
import { summarizeRun } from './summarize-run.ts'
import { madeRun } from './testing/made-run.ts'

const id = (n: number) => `2026-11-23t01-02-0${n}z-hop-ladder-7f3a`

/** Five runs a side, as versions are compared. */
async function side(
  first: number,
  options: Parameters<typeof madeRun>[0] extends infer T ? Partial<T> : never,
) {
  return Promise.all([0, 1, 2, 3, 4].map((i) => madeRun({ id: id(i), seed: first + i, ...options })))
}

const verdictOf = (comparison: ReturnType<typeof compareRuns>, path: string) =>
  comparison.rows.find((row) => row.path === path && row.quantile === 'p50')?.comparison

describe('comparing separate runs', () => {
  test('a path that got slower is found, and only that one', async () => {
    const [a, b] = [await side(1, {}), await side(50, { shiftNs: { gateway: 30_000 } })]
    const result = compareRuns({ label: 'a', runs: a }, { label: 'b', runs: b })
    const found = verdictOf(result, 'gateway')!
    expect(found).toMatchObject({ verdict: 'slower', unit: 'build', n: 5 })
    // 30 of 300 µs, and what the host did to the baseline in the mean.
    expect(found.ratio!.estimate).toBeCloseTo(1.1, 2)
    expect(found.difference).toBeCloseTo(0.1 * found.levelNs!, -3)
    for (const path of ['single', 'same-network', 'load-balancer']) {
      expect(['same', 'cannot tell']).toContain(verdictOf(result, path)!.verdict)
    }
  })

  test('what makes all paths slower cancels: only the reference path itself moves', async () => {
    const [a, b] = [await side(1, {}), await side(50, { hostSpeed: 1.3 })]
    const result = compareRuns({ label: 'a', runs: a }, { label: 'b', runs: b })
    expect(verdictOf(result, 'no-mesh')!.verdict).toBe('slower')
    expect(result.rows.find((row) => row.path === 'gateway')!.relativeTo).toBe('no-mesh')
    for (const path of ['single', 'gateway', 'load-balancer']) {
      expect(Math.abs(verdictOf(result, path)!.difference!)).toBeLessThan(1000)
    }
  })

  test('eight restarts a side decide in one build each', async () => {
    const [a, b] = [
      await madeRun({ id: id(1), restarts: 8, rounds: 2 }),
      await madeRun({ id: id(2), restarts: 8, rounds: 2, seed: 9, shiftNs: { gateway: 30_000 } }),
    ]
    const result = compareRuns({ label: 'a', runs: [a] }, { label: 'b', runs: [b] })
    expect(verdictOf(result, 'gateway')).toMatchObject({ verdict: 'slower', unit: 'restart', n: 8 })
    expect(verdictOf(result, 'single')!.verdict).not.toBe('slower')
  })

  test('one start a side has no verdict and says how many it takes', async () => {
    const [a, b] = [
      await madeRun({ id: id(1) }),
      await madeRun({ id: id(2), seed: 9, shiftNs: { gateway: 90_000 } }),
    ]
    const row = verdictOf(compareRuns({ label: 'a', runs: [a] }, { label: 'b', runs: [b] }), 'gateway')!
    expect(row.verdict).toBe('cannot tell')
    expect(row.warnings.map((w) => w.code)).toContain('too-few-per-side')
  })

  test('a path that is not proven on both sides is left out', async () => {
    const unproven = (result: RunResult): RunResult => ({
      ...result,
      measured: result.measured.map((round) => ({
        ...round,
        evidence: round.evidence.map((e) =>
          e.path === 'gateway' ? { ...e, verdict: 'mismatch' as const } : e,
        ),
      })),
    })
    const [a, b] = [await side(1, {}), await side(50, { change: unproven })]
    const result = compareRuns({ label: 'a', runs: a }, { label: 'b', runs: b })
    expect(result.leftOut).toEqual(['gateway'])
    expect(result.rows.some((row) => row.path === 'gateway')).toBe(false)
  })

  const withoutLast = (result: RunResult): RunResult => ({
    ...result,
    paths: result.paths.filter(({ name }) => name !== 'load-balancer'),
    measured: result.measured.map((round) => ({
      ...round,
      paths: round.paths.filter(({ path }) => path !== 'load-balancer'),
    })),
  })
  test('levels are not compared with a run of other paths, ratios are', async () => {
    const [a, b] = [await side(1, {}), await side(50, { change: withoutLast, shiftNs: { gateway: 30_000 } })]
    const result = compareRuns({ label: 'a', runs: a }, { label: 'b', runs: b })
    expect(result.levelsRefused).toContain('rise with the number of paths in the mix')
    expect(result.levelsRefused).toContain('against gateway, no-mesh, same-network, single')
    expect(result.rows.some(({ path }) => path === 'no-mesh')).toBe(false)
    expect(result.rows.every(({ relativeTo }) => relativeTo === 'no-mesh')).toBe(true)
    expect(verdictOf(result, 'gateway')).toMatchObject({ verdict: 'slower' })
    expect(verdictOf(result, 'single')!.verdict).not.toBe('slower')
  })

  test('levels are compared between runs of the same mix', async () => {
    const [a, b] = [await side(1, {}), await side(50, {})]
    const result = compareRuns({ label: 'a', runs: a }, { label: 'b', runs: b })
    expect(result.levelsRefused).toBeNull()
    expect(result.rows.find(({ path }) => path === 'no-mesh')!.relativeTo).toBeNull()
  })
})

describe('comparing two paths of one run', () => {
  test('pairs them by round', async () => {
    const result = comparePaths(await madeRun({ id: id(1), rounds: 20 }), 'single', 'gateway')
    const row = verdictOf(result, 'gateway')!
    expect(row).toMatchObject({ verdict: 'slower', unit: 'round', n: 20, scale: 'ratio' })
    expect(row.ratio!.estimate).toBeCloseTo(300 / 240, 2)
    // The weather of a round is a fifth of it; paired, it is gone.
    expect(row.ratio!.high! - row.ratio!.low!).toBeLessThan(0.01)
  })

  test('paths that an emulated delay sets apart are compared by their difference', async () => {
    const delayed = (result: RunResult): RunResult => ({
      ...result,
      paths: result.paths.map((path) => (path.name === 'gateway' ? { ...path, addedRttMs: 5 } : path)),
    })
    const run = await madeRun({ id: id(1), restarts: 8, rounds: 2, change: delayed })
    expect(verdictOf(comparePaths(run, 'single', 'gateway'), 'gateway')!.scale).toBe('difference')
    expect(verdictOf(comparePaths(run, 'single', 'same-network'), 'same-network')!.scale).toBe('ratio')
  })
})

describe('the ladder of a run', () => {
  test('steps follow the hops, with what each adds, and every path has a noise floor', async () => {
    const summary = summarizeRun(await madeRun({ id: id(1), restarts: 8, rounds: 3 }))
    expect(summary).toMatchObject({ unit: 'restart', restarts: 8, builds: 1, rounds: 24 })
    expect(summary.steps.map((s) => [s.from, s.to, s.adds.join()])).toEqual([
      ['no-mesh', 'single', '2 ztunnels'],
      ['single', 'same-network', ''],
      ['same-network', 'gateway', 'east-west gateway'],
      ['gateway', 'load-balancer', 'load balancer'],
    ])
    expect(summary.steps.map((s) => s.comparison.verdict)).toEqual(['slower', 'same', 'slower', 'slower'])
    expect(summary.steps.map((s) => s.withinFloorNs === null)).toEqual([true, false, true, true])
    for (const path of summary.paths) {
      expect(path.quantiles.p50.low).toBeGreaterThanOrEqual(0)
      expect(path.floor!.ns).toBeGreaterThan(0)
      expect(path.floor!.ns).toBeLessThan(1000)
    }
  })

  test('six restarts decide it', async () => {
    const summary = summarizeRun(await madeRun({ id: id(1), restarts: 6, rounds: 2, restartNs: 2000 }))
    expect(summary.steps.map((s) => s.comparison.verdict)).toEqual(['slower', 'same', 'slower', 'slower'])
  })
})

describe('regression rules', () => {
  test.each([
    ['p50>5%', { path: null, metric: null, quantile: 'p50', limit: { unit: 'percent', amount: 5 } }],
    [
      'gateway:p99 > 1.5ms',
      { path: 'gateway', metric: null, quantile: 'p99', limit: { unit: 'ns', amount: 1.5e6 } },
    ],
    ['p90>100us', { path: null, metric: null, quantile: 'p90', limit: { unit: 'ns', amount: 1e5 } }],
    [
      'gateway:first-byte.p50>5%',
      { path: 'gateway', metric: 'first-byte', quantile: 'p50', limit: { unit: 'percent', amount: 5 } },
    ],
  ])('%s is read', (text, rule) => {
    expect(parseFailRule(text)).toEqual(rule)
  })

  test.each(['p50', 'p50<5%', 'p75>5%', '>5%', 'p50>5', 'p50>-5%'])('%s is refused', (text) => {
    expect(() => parseFailRule(text)).toThrow('no regression rule')
  })

  test('a rule about a metric that no load has is refused', () => {
    expect(() => parseFailRule('speed.p50>5%')).toThrow('no metric')
  })

  test('a rule is broken by a verdict beyond the limit, never by noise or by a step below it', async () => {
    const [a, b] = [await side(1, {}), await side(50, { shiftNs: { gateway: 30_000 } })]
    const { rows } = compareRuns({ label: 'a', runs: a }, { label: 'b', runs: b })
    const broken = (rule: string) => regressions(rows, parseFailRule(rule)).map((row) => row.path)
    expect(broken('p50>5%')).toEqual(['gateway'])
    expect(broken('p50>20%')).toEqual([])
    expect(broken('p50>20us')).toEqual(['gateway'])
    expect(broken('single:p50>0.1%')).toEqual([])
  })
})
