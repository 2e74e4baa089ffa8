import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { QuantilesNs, RunResult } from '../results/schema.ts'
import { takeVariant } from '../results/take-variant.ts'
import { sampleVariants } from '../results/testing/sample-variants.ts'
import { ladderPaths } from '../results/variants.ts'
import { compareVariants } from './compare-paths.ts'
import { compareRuns } from './compare-runs.ts'
import { parseRule, regressions, type FailRule } from './fail-on.ts'
import { summarizeRun } from './summarize-run.ts'
import { madeRun } from './testing/made-run.ts'
import type { VariantsBeside } from './variants-beside.ts'

const id = (n: number) => `2026-11-23t01-02-0${n}z-hop-ladder-7f3a`
const restarts = 7

let run: RunResult

beforeAll(async () => {
  const shiftNs = { 'single@pr': 30_000, 'gateway@pr': -30_000 }
  run = await madeRun({ id: id(1), restarts, rounds: 2, variants: sampleVariants, shiftNs })
})

const p50 = (beside: VariantsBeside | undefined) =>
  new Map(beside?.rows.filter(({ quantile }) => quantile === 'p50').map((row) => [row.path, row]))

describe('variants beside the first', () => {
  test('each path is compared with itself in the first variant: ratio, µs and verdict', () => {
    const { variants } = summarizeRun(run)
    expect(variants).toMatchObject({ baseline: 'base', variants: [{ name: 'base' }, { name: 'pr' }] })
    const rows = p50(variants)
    expect([...rows.keys()]).toEqual(['no-mesh', 'single', 'same-network', 'gateway', 'load-balancer'])
    const verdicts = [...rows.values()].map(({ comparison }) => comparison.verdict)
    expect(verdicts).toEqual(['same', 'slower', 'same', 'faster', 'same'])
    const { comparison } = rows.get('single')!
    expect(comparison).toMatchObject({ scale: 'ratio', unit: 'restart', n: restarts })
    expect(comparison.ratio!.estimate).toBeCloseTo(270 / 240, 2)
    expect(comparison.difference).toBeCloseTo(comparison.levelNs! / 8, -3)
    expect(rows.get('single')!.contender.estimate! / rows.get('single')!.baseline.estimate!).toBeCloseTo(
      1.125,
      2,
    )
    expect(variants!.rows).toHaveLength(15)
  })

  test('no step leads from one variant to another', () => {
    const { steps, paths } = summarizeRun(run)
    expect(steps).toHaveLength(8)
    for (const { from, to } of steps) expect(from.split('@')[1]).toBe(to.split('@')[1])
    expect(paths.map(({ path }) => path)).toEqual(ladderPaths(run).map(({ name }) => name))
    expect(paths[5]).toMatchObject({ path: 'no-mesh@pr', variant: 'pr', scenarioPath: 'no-mesh' })
  })

  test('all paths of a quantile are one family, and those of every other variant with them', async () => {
    const four = ['base', 'a', 'b', 'c'].map((name) => ({ name }))
    const { variants } = summarizeRun(
      await madeRun({ id: id(2), restarts: 7, rounds: 1, variants: four, shiftNs: { 'single@b': 60_000 } }),
    )
    const rows = variants!.rows.filter(({ quantile }) => quantile === 'p50')
    expect(rows).toHaveLength(15)
    const found = rows.filter(({ comparison }) => comparison.verdict === 'slower')
    expect(found.map(({ path, variant }) => `${path} ${variant}`)).toEqual(['single b'])
    // Alone 2/128; among fifteen at least as much, and by Holm fifteen times as much.
    const { pValue, adjustedP } = found[0]!.comparison
    expect(pValue).toBeCloseTo(2 / 128, 6)
    expect(adjustedP).toBeGreaterThanOrEqual(pValue!)
    expect(adjustedP).toBeLessThan(0.05)
  })

  test('a delay that both have leaves the ratio, as they are not set apart by it', () => {
    const paths = run.paths.map((path) => ({ ...path, addedRttMs: 5 }))
    expect(p50(summarizeRun({ ...run, paths }).variants).get('gateway')!.comparison.scale).toBe('ratio')
    const apart = run.paths.map((path) => ({ ...path, addedRttMs: path.variant === 'pr' ? 5 : 0 }))
    expect(p50(summarizeRun({ ...run, paths: apart }).variants).get('gateway')!.comparison.scale).toBe(
      'difference',
    )
  })

  test('failed requests of either side stand beside, and many of them leave no verdict', () => {
    const measured = run.measured.map((round) => ({
      ...round,
      paths: round.paths.map((p) => (p.path === 'single@pr' ? { ...p, sent: p.sent + 50, errors: 50 } : p)),
    }))
    const { variants } = summarizeRun({ ...run, measured })
    const errors = variants!.errors.find(({ path }) => path === 'single')!
    expect([errors.baseline.errors, errors.contender.errors]).toEqual([0, 50 * measured.length])
    expect(p50(variants).get('single')!.comparison).toMatchObject({ refused: true, verdict: 'cannot tell' })
  })

  test('a run without variants has none of it', async () => {
    const summary = summarizeRun(await madeRun({ id: id(3), rounds: 2 }))
    expect(summary).not.toHaveProperty('variants')
    expect(summary.paths[0]).not.toHaveProperty('variant')
  })
})

describe('comparing two variants of a run', () => {
  test('says the same as its summary, under the names of the scenario', () => {
    const comparison = compareVariants(run, 'base', 'pr')
    expect(comparison).toMatchObject({ baseline: `${run.id}#base`, contender: `${run.id}#pr`, leftOut: [] })
    const summary = p50(summarizeRun(run).variants)
    for (const row of comparison.rows.filter(({ quantile }) => quantile === 'p50')) {
      expect(row.comparison).toEqual(summary.get(row.path)!.comparison)
    }
    const broken = (rule: string) => regressions(comparison.rows, parseRule(rule) as FailRule)
    expect(broken('p50>2%').map(({ path }) => path)).toEqual(['single'])
    expect(broken('p50>20%')).toEqual([])
    expect(broken('gateway:p50>0.1us')).toEqual([])
  })

  test('leaves out a path that is not proven of both', () => {
    const measured = run.measured.map((round) => ({
      ...round,
      evidence: round.evidence.map((e) =>
        e.path === 'gateway@pr' ? { ...e, verdict: 'unproven' as const } : e,
      ),
    }))
    const comparison = compareVariants({ ...run, measured }, 'base', 'pr')
    expect(comparison.leftOut).toEqual(['gateway'])
    expect(comparison.rows.map(({ path }) => path)).not.toContain('gateway')
  })

  test('takes variants that the run has', () => {
    expect(() => compareVariants(run, 'base', 'other')).toThrow('no variant "other"; it has base, pr')
  })
})

describe('comparing runs that hold variants', () => {
  test('every path is held against the reference of its own variant', async () => {
    const other = await madeRun({ id: id(4), restarts, rounds: 2, variants: sampleVariants, seed: 5 })
    const { rows, levelsRefused } = compareRuns({ label: 'a', runs: [run] }, { label: 'b', runs: [other] })
    expect(levelsRefused).toBeNull()
    for (const { path, relativeTo } of rows) {
      const variant = path.split('@')[1]
      expect(relativeTo).toBe(path.startsWith('no-mesh') ? null : `no-mesh@${variant}`)
    }
  })

  test('a variant taken out is compared with a run of the same paths, but not by levels: it had others beside it', async () => {
    const plain = await madeRun({ id: id(5), restarts, rounds: 2, seed: 6 })
    const taken = takeVariant(run, 'pr')
    const sides = [
      { label: 'plain', runs: [plain] },
      { label: 'pr', runs: [taken], takenOutOf: [run] },
    ] as const
    const { rows, levelsRefused } = compareRuns(...sides)
    expect(levelsRefused).toMatch(/number of paths in the mix/)
    const verdicts = rows
      .filter(({ quantile }) => quantile === 'p50')
      .map((row) => [row.path, row.comparison.verdict])
    expect(Object.fromEntries(verdicts)).toMatchObject({ single: 'slower', gateway: 'faster' })
    expect(verdicts.map(([path]) => path)).not.toContain('no-mesh')
    // Two variants of two runs had equal mixes.
    const base = { label: 'base', runs: [takeVariant(run, 'base')], takenOutOf: [run] }
    expect(compareRuns(base, sides[1]).levelsRefused).toBeNull()
  })
})

describe('whatever was measured', () => {
  /** Medians in µs by restart, round and path. */
  const medians = fc.array(fc.double({ min: 50, max: 900, noNaN: true }), { minLength: 20, maxLength: 60 })

  function withMedians(values: readonly number[], same: boolean): RunResult {
    let next = 0
    const measured = run.measured.map((round) => {
      const given = new Map<string, number>()
      return {
        ...round,
        paths: round.paths.map((p) => {
          const [name = '', variant] = p.path.split('@')
          const fresh = (values[next++ % values.length] ?? 1) * 1e3 * (1 + ((next * 37) % 101) / 1e4)
          const value = same && variant !== 'base' ? (given.get(name) ?? fresh) : fresh
          given.set(name, value)
          return { ...p, quantilesNs: quantilesAt(value) }
        }),
      }
    })
    return { ...run, measured }
  }

  const quantilesAt = (p: number): QuantilesNs => ({
    ...{ min: p, p50: p, p90: 1.2 * p, p99: 2 * p, p999: 3 * p, max: 4 * p, mean: p },
  })

  function swapped(of: RunResult): RunResult {
    const builds = of.builds.map((build) => ({ ...build, variants: build.variants!.toReversed() }))
    return { ...of, builds, variants: of.variants!.toReversed() }
  }

  const opposite = { slower: 'faster', faster: 'slower', same: 'same', 'cannot tell': 'cannot tell' } as const

  test('swapping variants inverts ratios and verdicts', () => {
    fc.assert(
      fc.property(medians, (values) => {
        const of = withMedians(values, false)
        // Without a margin: one in µs is another at another level.
        const [one, other] = [of, swapped(of)].map((r) => summarizeRun(r, { deltaNs: 0 }).variants!)
        expect(other!.baseline).toBe('pr')
        for (const [i, { comparison: a, path }] of one!.rows.entries()) {
          const b = other!.rows[i]!.comparison
          expect(other!.rows[i]!.path).toBe(path)
          expect(b.ratio!.estimate).toBeCloseTo(1 / a.ratio!.estimate, 9)
          expect(b.ratio!.low).toBeCloseTo(1 / a.ratio!.high!, 9)
          expect(b.verdict).toBe(opposite[a.verdict])
          expect(b.adjustedP).toBeCloseTo(a.adjustedP!, 9)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('a variant equal to the first is never slower or faster', () => {
    fc.assert(
      fc.property(medians, fc.integer({ min: 1, max: restarts }), (values, count) => {
        const all = withMedians(values, true)
        const of = { ...all, measured: all.measured.filter(({ restart = 1 }) => restart <= count) }
        const rows = [...summarizeRun(of).variants!.rows, ...compareVariants(all, 'pr', 'pr').rows]
        for (const { comparison } of rows) expect(['same', 'cannot tell']).toContain(comparison.verdict)
      }),
      { numRuns: 30 },
    )
  })

  test('taking a variant out leaves the levels of its paths and the size of its steps', () => {
    fc.assert(
      fc.property(medians, fc.constantFrom('base', 'pr'), (values, variant) => {
        const of = withMedians(values, false)
        const whole = summarizeRun(of)
        const taken = summarizeRun(takeVariant(of, variant))
        const own = whole.paths.filter((path) => path.variant === variant)
        expect(
          taken.paths.map(({ path, quantiles, floor, requests }) => ({ path, quantiles, floor, requests })),
        ).toEqual(
          own.map(({ scenarioPath, quantiles, floor, requests }) => ({
            path: scenarioPath,
            quantiles,
            floor,
            requests,
          })),
        )
        const steps = whole.steps.filter(({ to }) => to.endsWith(`@${variant}`))
        expect(taken.steps.map(({ comparison: { ratio, difference } }) => ({ ratio, difference }))).toEqual(
          steps.map(({ comparison: { ratio, difference } }) => ({ ratio, difference })),
        )
      }),
      { numRuns: 20 },
    )
  })
})
