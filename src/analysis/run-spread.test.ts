import { expect, test } from 'vitest'
import { comparePairs } from '../stats/compare-pairs.ts'
import { seriesPairs } from './round-values.ts'
import { costsOf, designFor, spreadOf } from './run-spread.ts'
import { summarizeRun } from './summarize-run.ts'
import { madeRun } from './testing/made-run.ts'

const id = '2026-11-23t01-02-03z-hop-ladder-7f3a'
const step = { from: 'single', to: 'gateway', load: 'pingpong' }
const costs = { roundMs: 1000, restartMs: 3000, buildMs: 1000 }

async function spread(options: Partial<Parameters<typeof madeRun>[0]>, deltaNs?: number) {
  const { measured } = await madeRun({ id, restarts: 12, rounds: 4, ...options })
  const series = (path: string) => ({ path, load: step.load, quantile: 'p50' }) as const
  const comparison = comparePairs(seriesPairs(measured, series(step.from), series(step.to)), { deltaNs })
  return { comparison, spread: spreadOf(measured, step, comparison, costs)! }
}

test('what restarts differ by is told apart from what rounds do', async () => {
  const { spread: quiet } = await spread({})
  const { spread: restless } = await spread({ restartNs: 40_000 })
  expect(restless.restartNs).toBeGreaterThan(5 * quiet.restartNs!)
  expect(restless.restartNs).toBeGreaterThan(restless.roundNs)
  expect(restless.roundNs).toBeLessThan(3 * quiet.roundNs)
  expect(quiet.buildNs).toBeNull()
  expect((await spread({ restarts: 1 })).spread.restartNs).toBeNull()
  expect((await spread({ builds: 3, restarts: 6 })).spread.buildNs).not.toBeNull()
})

test('only what is not decided has a design that would', async () => {
  const { comparison, spread: decided } = await spread({})
  expect(comparison.verdict).toBe('slower')
  expect(decided.wouldDecide).toBeNull()
  const open = await spread({ restarts: 8, restartNs: 40_000, shiftNs: { gateway: -55_000 } }, 1000)
  expect(open.comparison.verdict).toBe('cannot tell')
  expect(open.spread.wouldDecide).toMatchObject({ restarts: expect.any(Number) as number })
  expect(open.spread.wouldDecide!.totalMs).toBeGreaterThan(6 * 4000)
})

test('a path that no round holds has no spread', async () => {
  const { measured } = await madeRun({ id, restarts: 6, rounds: 2 })
  const comparison = comparePairs([])
  expect(spreadOf(measured, { ...step, to: 'nobody' }, comparison, costs)).toBeNull()
})

test('costs are those of the run; of restarts the later ones count, because the first is part of its build', async () => {
  const run = await madeRun({ id, restarts: 3, rounds: 2 })
  const restarts = run.restarts.map((own) => ({
    ...own,
    startMs: own.restart === 1 ? 9999 : 800,
    warmupMs: 2100,
  }))
  expect(costsOf({ ...run, restarts })).toEqual({ roundMs: 1001, restartMs: 2900, buildMs: 900 })
  expect(costsOf({ ...run, restarts: restarts.slice(0, 1) })).toMatchObject({ restartMs: 9999 + 2100 })
  expect(costsOf({ ...run, restarts: [] })).toBeNull()
  expect(costsOf({ ...run, measured: [] })).toBeNull()
})

test('a design for all steps is made for the noisiest of them, and a narrower question costs more', async () => {
  const summary = summarizeRun(await madeRun({ id, restarts: 8, rounds: 4, restartNs: 20_000 }))
  const wide = designFor(summary.steps, costs, 10_000)!
  const narrow = designFor(summary.steps, costs, 2_000)!
  expect(narrow.totalMs).toBeGreaterThan(wide.totalMs)
  expect(designFor(summary.steps.slice(0, 1), costs, 2_000)!.totalMs).toBeLessThanOrEqual(narrow.totalMs)
  expect(designFor(summary.steps, costs, 0)).toBeUndefined()
})
