import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dependence, lagOneCorrelation } from './autocorrelation.ts'
import { midRanks } from './ranks.ts'
import { seededRandom } from './seeded-random.ts'
import { gaussian, hostSeries } from './testing/noise.ts'

const smooth = { sdNs: 1, correlation: 0.69, burstChance: 0, burstSlots: 1, burstNs: 0 }

test('equal values share the mean of their ranks', () => {
  expect(midRanks([30, 10, 20, 20, 40])).toEqual([4, 1, 2.5, 2.5, 5])
  expect(midRanks([7, 7, 7])).toEqual([2, 2, 2])
  expect(midRanks([])).toEqual([])
})

test('a ramp is correlated, an alternation negatively, a constant not at all', () => {
  // Ranks 1..5 about 3: products 2 + 0 + 0 + 2 over squares 10.
  expect(lagOneCorrelation([10, 20, 30, 40, 50])).toBeCloseTo(0.4, 12)
  expect(lagOneCorrelation([1, 2, 1, 2, 1, 2, 1, 2])).toBeLessThan(-0.8)
  expect(lagOneCorrelation([5, 5, 5, 5])).toBe(0)
  expect(lagOneCorrelation([1, 2])).toBe(0)
})

test('a long autoregressive series shows the correlation that it was made with', () => {
  // Ranks of normal values correlate a little less than the values: 6/pi asin(r/2) = 0.67.
  expect(lagOneCorrelation(hostSeries(seededRandom(1), 20_000, smooth))).toBeCloseTo(0.67, 1)
})

test('one wild value does not hide it', () => {
  const series = hostSeries(seededRandom(2), 200, smooth)
  const before = lagOneCorrelation(series)
  series[100] = 1e9
  expect(lagOneCorrelation(series)).toBeGreaterThan(before - 0.05)
})

test('independent rounds are left alone in about four of five runs', () => {
  const random = seededRandom(4)
  const alone = Array.from({ length: 1_000 }, () =>
    dependence(
      Array.from({ length: 20 }, () => gaussian(random)),
      0.05,
    ),
  ).filter((found) => found === undefined)
  expect(alone.length).toBeGreaterThan(750)
  expect(alone.length).toBeLessThan(880)
})

test('dependent rounds count for fewer and widen the interval, the more so the more they depend', () => {
  const ramp = Array.from({ length: 20 }, (_, i) => i)
  const found = dependence(ramp, 0.05)
  expect(found?.effectiveN).toBe(3)
  expect(found?.widening).toBeGreaterThan(5)
  const series = hostSeries(seededRandom(5), 40, smooth)
  const mild = dependence(series, 0.05)
  expect(mild?.effectiveN).toBeGreaterThan(2)
  expect(mild?.effectiveN).toBeLessThan(40)
  expect(mild?.widening).toBeGreaterThan(1)
})

test('counts and widens by the formula, worked out with SciPy for one series', () => {
  const series = [3, 9, 8, 14, 12, 17, 11, 5, 6, 1, 2, 10, 4, 15, 20, 13, 19, 7, 16, 18]
  const found = dependence(series, 0.05)
  expect(found?.correlation).toBeCloseTo(0.34323, 5)
  expect(found?.effectiveN).toBeCloseTo(4.31617, 5)
  expect(found?.widening).toBeCloseTo(3.1034, 4)
})

test('never narrows, and never finds more rounds than there are', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 50 }), (series) => {
      const { widening, effectiveN } = dependence(series, 0.05) ?? { widening: 1, effectiveN: 0 }
      expect(widening).toBeGreaterThanOrEqual(1)
      expect(effectiveN).toBeLessThanOrEqual(series.length)
    }),
  )
})
