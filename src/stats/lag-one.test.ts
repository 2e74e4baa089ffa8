import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lagOneCorrelation } from './lag-one.ts'
import { midRanks } from './ranks.ts'
import { seededRandom } from '../random.ts'
import { hostSeries } from './testing/noise.ts'

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

test('turned upside down or back to front a series is as dependent', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -99, max: 99 }), { maxLength: 40 }), (series) => {
      const found = lagOneCorrelation(series)
      expect(lagOneCorrelation(series.map((value) => -value))).toBeCloseTo(found, 12)
      expect(lagOneCorrelation(series.toReversed())).toBeCloseTo(found, 12)
      expect(Math.abs(found)).toBeLessThanOrEqual(1)
    }),
  )
})
