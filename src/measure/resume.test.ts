import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleBuild, sampleRound } from '../results/testing/sample-run.ts'
import { restOfRun, wholeRun } from './resume.ts'

const shape = (builds: number, restarts: number, count: number) => ({
  builds,
  restarts,
  count,
  durationMs: 100,
  warmupMs: 0,
})
const placesOf = (planned: ReturnType<typeof wholeRun>) => planned.flatMap(({ restarts }) => restarts)
const rounds = (build: number, restart: number, n: number) =>
  Array.from({ length: n }, (_, i) => ({
    ...sampleRound({ build, restart, round: i + 1, requests: 5 }),
    componentCpuMs: [],
    turns: undefined,
  }))

test('a run that begins has all its restarts, in its builds', () => {
  expect(wholeRun(shape(2, 3, 4))).toEqual([
    { build: 1, restarts: [1, 2, 3] },
    { build: 2, restarts: [4, 5, 6] },
  ])
})

test('a restart that was cut short is begun again, and what is whole is not', () => {
  const measured = [...rounds(1, 1, 4), ...rounds(1, 2, 3)]
  expect(restOfRun({ rounds: shape(1, 3, 4), measured, builds: [sampleBuild(1)] })).toEqual([
    { build: 2, restarts: [2, 3] },
  ])
})

test('whatever was done, done and left together are the whole run, in builds that are new', () => {
  const sizes = fc.tuple(...[3, 4, 3].map((max) => fc.integer({ min: 1, max })))
  fc.assert(
    fc.property(sizes, fc.nat(12), fc.nat(2), ([builds, restarts, count], whole, rest) => {
      const plan = shape(builds!, restarts!, count!)
      const all = wholeRun(plan)
      const done = Math.min(whole, builds! * restarts!)
      const place = (i: number) => [Math.floor(i / restarts!) + 1, (i % restarts!) + 1] as const
      const measured = Array.from({ length: done }, (_, i) => rounds(...place(i), count!)).flat()
      if (done < builds! * restarts!) measured.push(...rounds(...place(done), Math.min(rest, count! - 1)))
      const stood = Array.from({ length: Math.ceil(done / restarts!) }, (_, i) => sampleBuild(i + 1))
      const left = restOfRun({ rounds: plan, measured, builds: stood })
      expect(placesOf(left)).toEqual(placesOf(all).slice(done))
      const numbers = left.map(({ build }) => build)
      expect(new Set(numbers).size).toBe(numbers.length)
      for (const build of numbers) expect(build).toBeGreaterThan(stood.length)
    }),
    { numRuns: 50 },
  )
})

test('a restart in which variants are switched is whole once each has its rounds', () => {
  const variants = ['old', 'new'].map((name) => ({ name, settings: {} }))
  const of = (variant: string, restart: number, n: number) =>
    rounds(1, restart, n).map((round) => ({ ...round, variant }))
  const run = { rounds: shape(1, 3, 4), builds: [sampleBuild(1)], variants, switched: true as const }
  const measured = [...of('old', 1, 4), ...of('new', 1, 4), ...of('new', 2, 4)]
  expect(restOfRun({ ...run, measured })).toEqual([{ build: 2, restarts: [2, 3] }])
  expect(restOfRun({ ...run, measured: [...measured, ...of('old', 2, 4)] })).toEqual([
    { build: 2, restarts: [3] },
  ])
})
