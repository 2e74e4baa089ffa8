import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dependence, lagOneCorrelation, wideningToReachParts } from './dependence.ts'
import { hypotheses } from './dependence-models.ts'
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

const independent = (n: number, seed: number) => {
  const random = seededRandom(seed)
  return Array.from({ length: n }, () => gaussian(random))
}

test('the likelihood of slow noise is that of its covariance matrix, worked out by hand for three values', () => {
  // Correlation 0.9: the variances of the two contrasts (1, 0, -1)/sqrt 2 and (1, -2, 1)/sqrt 6 are
  // 1 - 0.81 = 0.19 and (6 - 8 * 0.9 + 2 * 0.81) / 6 = 0.07; that of the mean times three is (3 + 4 * 0.9 + 2 * 0.81) / 3 = 2.74.
  const { independent: flat, slow } = hypotheses([1, 0, -1])
  // Only the first contrast is seen: its square is 2, so the scale is 2 / 0.19 / 2 and the likelihood 0.19 / sqrt(0.19 * 0.07).
  expect(slow[0]!.likelihood / flat.likelihood).toBeCloseTo(0.19 / Math.sqrt(0.19 * 0.07), 10)
  expect(slow[0]!.sd / flat.sd).toBeCloseTo(Math.sqrt(2.74 / 0.19), 10)
  // Half of it fast: variances are halfway to 1.
  expect(slow[1]!.likelihood).toBeCloseTo(0.595 / Math.sqrt(0.595 * 0.535), 10)
  expect(slow[1]!.sd / flat.sd).toBeCloseTo(Math.sqrt(1.87 / 0.595), 10)
})

test('few rounds are cautious although nothing shows, many are not', () => {
  const median = (n: number) => {
    const all = Array.from({ length: 60 }, (_, i) => dependence(independent(n, i), 0.05)!.widening)
    return all.toSorted((x, y) => x - y)[30]!
  }
  expect(median(8)).toBeGreaterThan(1.5)
  expect(median(20)).toBeLessThan(median(8))
  expect(median(100)).toBeLessThan(1.05)
})

test('evidence speaks for what the series is made of', () => {
  const slowNoise = { ...smooth, correlation: 0.9 }
  expect(dependence(hostSeries(seededRandom(5), 60, slowNoise), 0.05)!.evidence).toBeGreaterThan(100)
  expect(dependence(independent(60, 5), 0.05)!.evidence).toBeLessThan(0.5)
  // Longer series are averaged in blocks first.
  expect(dependence(hostSeries(seededRandom(6), 1_000, slowNoise), 0.05)!.widening).toBeGreaterThan(2)
  expect(dependence(independent(1_000, 6), 0.05)!.widening).toBeLessThan(1.1)
})

test('where slow noise is suspected the interval reaches all quarters of the run', () => {
  const step = Array.from({ length: 20 }, (_, i) => (i < 5 ? 0 : 10) + (i % 3))
  const reach = { below: 1, above: 1 }
  // Quarters lie at 1, 11, 11 and 11, three half-widths are added: from -2 to 14 about an estimate of 10.
  expect(wideningToReachParts(step, 10, reach, 1)).toBeCloseTo(12, 10)
  expect(wideningToReachParts(step, 10, reach, 0)).toBe(1)
  expect(wideningToReachParts(step.slice(0, 7), 10, reach, 1)).toBe(1)
  expect(wideningToReachParts(step, 10, { below: 0, above: 1 }, 1)).toBe(1)
})

test('turned upside down a series is as dependent, to the last bit', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 6, maxLength: 40 }), (series) => {
      expect(
        dependence(
          series.map((value) => -value),
          0.05,
        )?.widening,
      ).toBe(dependence(series, 0.05)?.widening)
    }),
  )
})

test('never narrows, and says nothing of five values or of equal ones', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 50 }),
      fc.double({ min: 1e-6, max: 0.9, noNaN: true }),
      (series, alpha) => {
        const found = dependence(series, alpha)
        if (series.length < 6 || new Set(series).size === 1) expect(found).toBeUndefined()
        else expect(found!.widening).toBeGreaterThanOrEqual(1)
        expect(Number.isFinite(found?.widening ?? 1)).toBe(true)
      },
    ),
  )
})
