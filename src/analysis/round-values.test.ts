import { expect, test } from 'vitest'
import { sampleRound } from '../results/testing/sample-run.ts'
import type { RoundEvent } from '../results/schema.ts'
import { unitsOf } from '../stats/nested.ts'
import { nest, seriesPairs, seriesValues, halfPairs, valueOf, type MeasuredRound } from './round-values.ts'

const round = (build: number, restart: number | undefined, k: number, change: Partial<RoundEvent> = {}) => {
  const { restart: own, ...event } = sampleRound({ build, restart: restart ?? 1, round: k, requests: 40 })
  const kept = restart === undefined ? {} : { restart: own }
  return { ...event, ...kept, ...change, componentCpuMs: [], turns: undefined } as unknown as MeasuredRound
}
const single = { path: 'single', load: 'pingpong', quantile: 'p50' } as const
const without = (path: string, of: MeasuredRound): MeasuredRound => ({
  ...of,
  paths: of.paths.filter((own) => own.path !== path),
})

test('rounds nest in their restarts and these in their builds, in time order', () => {
  const places = [
    [1, 1, 1],
    [1, 1, 2],
    [1, 2, 1],
    [2, 1, 1],
  ] as const
  const rounds = places.map(([b, r, k]) => round(b, r, k))
  expect(nest(rounds, (own) => `${own.build}${own.restart}${own.round}`)).toEqual([
    [['111', '112'], ['121']],
    [['211']],
  ])
})

test('rounds that name no restart are of the first: runs of format 1', () => {
  const rounds = [round(1, undefined, 1), round(1, undefined, 2), round(2, undefined, 1)]
  expect(seriesValues(rounds, single).map((build) => build.map((restart) => restart.length))).toEqual([
    [2],
    [1],
  ])
})

test('a start whose rounds lack a value keeps its place, so that starts are the same in every series', () => {
  const rounds = [1, 2, 3, 4, 5, 6, 7].map((r) => round(1, r, 1))
  const holed = rounds.map((own) => (own.restart === 2 ? without('single', own) : own))
  const idsOf = (of: readonly MeasuredRound[]) =>
    unitsOf(seriesValues(of, single), 6).values.map(({ id }) => id)
  expect(seriesValues(holed, single)[0]![1]).toEqual([])
  expect(idsOf(holed)).toEqual(idsOf(rounds).filter((id) => id !== 'build 1, restart 2'))
})

test('pairs are of rounds that hold both', () => {
  const rounds = [
    round(1, 1, 1),
    without('gateway', round(1, 1, 2)),
    without('single', round(1, 1, 3)),
    round(1, 1, 4),
  ]
  const pairs = seriesPairs(rounds, single, { ...single, path: 'gateway' })
  const expected = [rounds[0]!, rounds[3]!].map((own) => [
    valueOf(own, single),
    valueOf(own, { ...single, path: 'gateway' }),
  ])
  expect(pairs).toEqual([[expected]])
})

test('halves are of the requests of one path; none where they were not told apart or one holds nothing', () => {
  const whole = round(1, 1, 1)
  const own = whole.paths.find(({ path }) => path === 'single')!
  expect(halfPairs([whole], single)).toEqual([[[[own.halvesNs![0]!.p50, own.halvesNs![1]!.p50]]]])
  const change = (halvesNs: typeof own.halvesNs) => ({ ...whole, paths: [{ ...own, halvesNs }] })
  expect(halfPairs([change(undefined)], single)).toEqual([[[]]])
  expect(halfPairs([change([own.halvesNs![0], null])], single)).toEqual([[[]]])
})

test('a value is of the warm requests unless another histogram is named', () => {
  const own = round(1, 1, 1)
  const path = own.paths.find((p) => p.path === 'single')!
  const extra = {
    ...path,
    coldQuantilesNs: { ...path.quantilesNs!, p50: 7 },
    extraQuantilesNs: { wait: { ...path.quantilesNs!, p50: 9 } },
  }
  const of = { ...own, paths: [extra] }
  expect(valueOf(of, single)).toBe(path.quantilesNs!.p50)
  expect(valueOf(of, { ...single, metric: 'warm' })).toBe(path.quantilesNs!.p50)
  expect(valueOf(of, { ...single, metric: 'cold' })).toBe(7)
  expect(valueOf(of, { ...single, metric: 'wait' })).toBe(9)
  expect(valueOf(of, { ...single, metric: 'lag' })).toBeNull()
  expect(valueOf(of, { ...single, path: 'nobody' })).toBeNull()
})
