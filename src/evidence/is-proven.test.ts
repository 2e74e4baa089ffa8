import { expect, test } from 'vitest'
import { madeRun } from '../analysis/testing/made-run.ts'
import { isProven, provenPaths } from './is-proven.ts'

const run = await madeRun({ id: '2026-11-23t01-02-01z-hop-ladder-7f3a' })
const [first, ...rest] = run.measured
const withFirst = (change: Partial<typeof first>) => ({
  ...run,
  measured: [{ ...first!, ...change }, ...rest],
})

test('a path that every round proves is proven', () => {
  expect(isProven(run, 'gateway')).toBe(true)
  expect([...provenPaths(run)].toSorted()).toEqual(run.paths.map(({ name }) => name).toSorted())
})

test.each(['mismatch', 'unproven'] as const)(
  'one round that is %s among many is enough to lose it',
  (verdict) => {
    const evidence = first!.evidence.map((e) => (e.path === 'gateway' ? { ...e, verdict } : e))
    const spoiled = withFirst({ evidence })
    expect(isProven(spoiled, 'gateway')).toBe(false)
    expect([...provenPaths(spoiled)]).toEqual([...provenPaths(run)].filter((name) => name !== 'gateway'))
  },
)

test('a round that measured a path and has no evidence of it proves nothing', () => {
  expect(isProven(withFirst({ evidence: [] }), 'gateway')).toBe(false)
})

test('a round that did not visit a path takes nothing from it', () => {
  const other = withFirst({
    evidence: first!.evidence.filter((e) => e.path !== 'gateway'),
    paths: first!.paths.filter((p) => p.path !== 'gateway'),
  })
  expect(isProven(other, 'gateway')).toBe(true)
})

test('a run without rounds proves nothing', () => {
  expect(isProven({ measured: [] }, 'gateway')).toBe(false)
})
