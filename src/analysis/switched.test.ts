import { beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '../random.ts'
import type { QuantilesNs, RunResult } from '../results/schema.ts'
import { sampleVariants } from '../results/testing/sample-variants.ts'
import { compareVariants } from './compare-paths.ts'
import { costsOf } from './run-spread.ts'
import { switchedRunMs } from './run-time.ts'
import { summarizeRun } from './summarize-run.ts'
import { madeRun, type MadeRun } from './testing/made-run.ts'

const shape: MadeRun = {
  ...{ id: '2026-11-23t01-02-03z-hop-ladder-7f3a', restarts: 8, rounds: 3 },
  ...{ variants: sampleVariants, isSwitched: true },
}
const p50 = (run: RunResult) =>
  new Map(
    compareVariants(run, 'base', 'pr', { deltaShare: 0.1 })
      .rows.filter(({ quantile }) => quantile === 'p50')
      .map(({ path, comparison }) => [path, comparison]),
  )

let run: RunResult
beforeAll(async () => {
  run = await madeRun({ ...shape, shiftNs: { 'gateway@pr': 120_000 } })
})

test('versions that stood in turn are compared restart by restart', () => {
  const rows = p50(run)
  expect([...rows.keys()]).toEqual(['no-mesh', 'single', 'same-network', 'gateway', 'load-balancer'])
  for (const comparison of rows.values()) expect(comparison).toMatchObject({ unit: 'restart', n: 8 })
  expect(rows.get('gateway')!.verdict).toBe('slower')
  expect(rows.get('gateway')!.ratio!.estimate).toBeCloseTo(420 / 300, 1)
  expect(rows.get('single')!.verdict).not.toBe('slower')
})

test('few restarts carry no verdict, however many rounds they have: those never met', async () => {
  const few = await madeRun({ ...shape, restarts: 5, rounds: 12, shiftNs: { 'gateway@pr': 120_000 } })
  for (const { unit, n, verdict, fewest } of p50(few).values()) {
    expect([unit, n, verdict]).toEqual(['restart', 5, 'cannot tell'])
    expect(n).toBeLessThan(fewest)
  }
})

test('the same version twice is never slower than itself by the drift of the host', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const same = await madeRun({ ...shape, seed, restartNs: 20_000 })
    const found = [...p50(same).values()].map(({ verdict }) => verdict)
    expect([seed, found.filter((verdict) => verdict === 'slower' || verdict === 'faster')]).toEqual([
      seed,
      [],
    ])
  }
})

test('steps stay within a version, over all of its rounds', () => {
  const { steps, paths, restarts, rounds } = summarizeRun(run)
  expect(steps).toHaveLength(8)
  for (const { from, to, comparison } of steps) {
    expect(from.split('@')[1]).toBe(to.split('@')[1])
    expect(comparison).toMatchObject({ unit: 'restart', n: 8 })
  }
  expect(paths.map(({ quantiles }) => quantiles.p50.n)).toEqual(Array.from({ length: 10 }, () => 8))
  expect([restarts, rounds]).toEqual([8, 8 * 3 * 2])
})

/** The host goes up to a third faster or slower for a whole start, which is the start of one version. */
function onMoodyHost(seed: number): (result: RunResult) => RunResult {
  const random = seededRandom(seed)
  const moods = new Map<string, number>()
  const times = (quantiles: QuantilesNs, mood: number) =>
    Object.fromEntries(Object.entries(quantiles).map(([name, ns]) => [name, ns * mood])) as QuantilesNs
  return (result) => ({
    ...result,
    measured: result.measured.map((round) => {
      const start = `${round.restart}/${round.paths[0]!.path.split('@')[1]}`
      const mood = moods.get(start) ?? 0.75 + 0.6 * random()
      moods.set(start, mood)
      const paths = round.paths.map((path) =>
        path.quantilesNs ? { ...path, quantilesNs: times(path.quantilesNs, mood) } : path,
      )
      return { ...round, paths }
    }),
  })
}

describe('steps of one version beside those of another', () => {
  const stepsOf = (of: RunResult) => {
    const { steps } = summarizeRun(of, { deltaShare: 0.02 }).variants!
    return new Map(steps.map((step) => [`${step.from} → ${step.to}`, step]))
  }

  test('are told apart where what the host does to whole starts hides it from levels', async () => {
    const moody = await madeRun({ ...shape, shiftNs: { 'gateway@pr': 60_000 }, change: onMoodyHost(1) })
    expect([...p50(moody).values()].map(({ verdict }) => verdict)).not.toContain('slower')
    const steps = stepsOf(moody)
    expect([...steps.values()].map(({ comparison }) => comparison.verdict)).toEqual([
      ...['same', 'same', 'slower', 'faster'],
    ])
    const gateway = steps.get('same-network → gateway')!
    expect(gateway).toMatchObject({ variant: 'pr', scale: 'ratio', comparison: { unit: 'restart', n: 8 } })
    expect(gateway.baseline).toBeCloseTo(300 / 240, 1)
    expect(gateway.contender).toBeCloseTo(360 / 240, 1)
    expect(gateway.comparison.ratio!.estimate).toBeCloseTo(360 / 300, 1)
    // At the level that the gateway has in the first version.
    const { levelNs, difference } = gateway.comparison
    expect(difference! / levelNs!).toBeCloseTo(gateway.comparison.ratio!.estimate - 1, 6)
  })

  test('carry no verdict where too many requests of one of their paths failed', async () => {
    const failing = (result: RunResult): RunResult => ({
      ...result,
      measured: result.measured.map((round) => ({
        ...round,
        paths: round.paths.map((path) =>
          path.path === 'gateway@pr' ? { ...path, sent: path.sent + 50, errors: path.errors + 50 } : path,
        ),
      })),
    })
    const failed = await madeRun({ ...shape, shiftNs: { 'gateway@pr': 60_000 }, change: failing })
    const found = [...stepsOf(failed).values()].map(({ comparison }) => comparison.verdict)
    expect(found).toEqual(['same', 'same', 'cannot tell', 'cannot tell'])
  })

  test('are never slower or faster than themselves', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const same = await madeRun({ ...shape, seed, change: onMoodyHost(seed) })
      const found = [...stepsOf(same).values()].map(({ comparison }) => comparison.verdict)
      expect([seed, found.filter((verdict) => verdict === 'slower' || verdict === 'faster')]).toEqual([
        seed,
        [],
      ])
    }
  })

  test('are left out where a version lacks a start, and altogether where versions met in rounds', async () => {
    const without = (result: RunResult): RunResult => ({
      ...result,
      measured: result.measured.filter(
        ({ restart, paths }) => restart !== 8 || paths[0]!.path.endsWith('@base'),
      ),
    })
    const incomplete = await madeRun({ ...shape, change: without })
    expect([...stepsOf(incomplete).values()].map(({ comparison }) => comparison.n)).toEqual([7, 7, 7, 7])
    expect(stepsOf(await madeRun({ ...shape, isSwitched: false }))).toEqual(new Map())
  })
})

test('a restart costs the starts of all versions, and a round one of each', async () => {
  const beside = await madeRun({ ...shape, isSwitched: false })
  const [once, twice] = [costsOf(beside)!, costsOf(run)!]
  expect(twice.restartMs).toBe(2 * once.restartMs)
  expect(twice.roundMs).toBe(2 * once.roundMs)
  const rounds = { count: 3, durationMs: 1000, warmupMs: 500, restarts: 8, builds: 1 }
  expect(switchedRunMs(rounds, 2, twice)).toBe(twice.buildMs + 8 * (twice.restartMs + 3 * twice.roundMs))
  const usual = switchedRunMs(rounds, 2, null)
  expect(switchedRunMs({ ...rounds, restarts: 16 }, 2, null) - usual).toBe(
    switchedRunMs({ ...rounds, restarts: 24 }, 2, null) - switchedRunMs({ ...rounds, restarts: 16 }, 2, null),
  )
})
