import { expect, test } from 'vitest'
import { seededRandom } from './seeded-random.ts'
import { steadyState } from './steady-state.ts'
import { gaussian } from './testing/noise.ts'

const noisy = (seed: number, length: number, at: (i: number) => number) => {
  const random = seededRandom(seed)
  return Array.from({ length }, (_, i) => at(i) + gaussian(random))
}

test('drops a warm-up of 40 values and little else, in most runs', () => {
  const found = Array.from({ length: 100 }, (_, seed) =>
    steadyState(noisy(seed, 200, (i) => (i < 40 ? 50 - i : 0))),
  )
  expect(found.filter((state) => state.steady && state.drop < 40)).toEqual([])
  expect(found.filter((state) => state.steady && state.drop <= 60).length).toBeGreaterThan(60)
  expect(found.filter((state) => state.steady).length).toBeGreaterThan(85)
})

test('keeps what was steady from the start, in most runs all of it', () => {
  const drops = Array.from({ length: 100 }, (_, seed) => steadyState(noisy(seed, 200, () => 0)))
  expect(drops.filter((found) => found.steady).length).toBeGreaterThan(90)
  expect(drops.filter((found) => found.steady && found.drop === 0).length).toBeGreaterThan(40)
})

test('a series that keeps rising has not settled', () => {
  expect(steadyState(noisy(1, 200, (i) => i))).toEqual({ steady: false, reason: 'still-changing' })
  expect(steadyState(noisy(1, 50, (i) => i))).toEqual({ steady: false, reason: 'still-changing' })
})

test('fewer than ten batches decide nothing', () => {
  expect(steadyState(Array.from({ length: 49 }, () => 1))).toEqual({
    steady: false,
    reason: 'too-few-values',
  })
  expect(steadyState([9, 8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 1)).toEqual({ steady: true, drop: 2 })
})

test('exactly the batches before the smallest standard error are dropped', () => {
  const values = [...Array.from({ length: 10 }, () => 100), ...Array.from({ length: 60 }, (_, i) => i % 2)]
  expect(steadyState(values)).toEqual({ steady: true, drop: 10 })
})
