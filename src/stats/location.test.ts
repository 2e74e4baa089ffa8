import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hodgesLehmann, oneSampleLocation, twoSampleShift, type Location } from './location.ts'
import { rankSumCases, signedRankCases } from './testing/scipy-answers.ts'

// Multiples of 1/1024: sums and halves of them are exact, so equivariance can be asked for to the last bit.
const finite = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).map((value) => value / 1024)
const sample = fc.oneof(
  fc.array(finite, { minLength: 6, maxLength: 40 }),
  fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 6, maxLength: 40 }),
)
const alphas = fc.constantFrom(0.01, 0.05, 0.1, 0.5)

describe('published examples', () => {
  test('Hollander and Wolfe, example 3.1: depression scale of nine patients before and after a tranquilizer', () => {
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    const found = oneSampleLocation(
      before.map((value, i) => (after[i] ?? NaN) - value),
      0.05,
    )
    // The book: T+ = 5, one-sided p 0.020; estimate -0.46; 96.1 % interval (-0.786, -0.010).
    expect(found.pValue).toBeCloseTo(2 * 0.01953, 4)
    expect(found.estimate).toBeCloseTo(-0.46, 10)
    expect(found.low).toBeCloseTo(-0.786, 10)
    expect(found.high).toBeCloseTo(-0.01, 10)
    expect(found.confidence).toBeCloseTo(0.961, 3)
  })

  test('Hollander and Wolfe, example 4.1: water permeability of the chorioamnion', () => {
    const term = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    const early = [1.15, 0.88, 0.9, 0.74, 1.21]
    const found = twoSampleShift(term, early, 0.05)
    // The book: one-sided p 0.127; estimate -0.305; 96 % interval (-0.76, 0.15).
    expect(found.pValue).toBeCloseTo(2 * 0.1272, 3)
    expect(found.estimate).toBeCloseTo(-0.305, 10)
    expect(found.low).toBeCloseTo(-0.76, 10)
    expect(found.high).toBeCloseTo(0.15, 10)
    expect(found.confidence).toBeCloseTo(0.96, 3)
  })

  // Hollander and Wolfe, section 3.3: the ends are the C-th and (M + 1 - C)-th Walsh averages; from table A.4,
  // C = 9 of M = 55 for ten values at 95.2 %, C = 26 of M = 120 for fifteen at 95.2 %.
  test.each([
    [10, 9, 0.952],
    [15, 26, 0.952],
  ])('the interval of %d values ends at Walsh average %d from either side', (n, rank, confidence) => {
    const values = Array.from({ length: n }, (_, i) => 1.7 ** i)
    const walsh = values.flatMap((p, i) => values.slice(i).map((q) => (p + q) / 2)).toSorted((p, q) => p - q)
    const found = oneSampleLocation(values, 0.05)
    expect(found.low).toBe(walsh.at(rank - 1))
    expect(found.high).toBe(walsh.at(-rank))
    expect(found.confidence).toBeCloseTo(confidence, 2)
  })
})

test.each(signedRankCases)(
  'SciPy agrees on one sample ($pValue)',
  ({ values, pValue, hodgesLehmann: estimate }) => {
    const found = oneSampleLocation(values, 0.05)
    expect(found.pValue / pValue).toBeCloseTo(1, 8)
    expect(found.estimate).toBeCloseTo(estimate, 8)
  },
)

test.each(rankSumCases)('SciPy agrees on two samples ($pValue)', ({ a, b, pValue, shift }) => {
  const found = twoSampleShift(a, b, 0.05)
  expect(found.pValue / pValue).toBeCloseTo(1, 8)
  expect(found.estimate).toBeCloseTo(shift, 8)
})

test('five values carry no interval at 95 %, six do', () => {
  expect(oneSampleLocation([1, 2, 3, 4, 5], 0.05)).toEqual({
    estimate: 3,
    low: null,
    high: null,
    confidence: null,
    pValue: 0.0625,
  })
  expect(oneSampleLocation([1, 2, 3, 4, 5, 6], 0.05)).toMatchObject({ low: 1, high: 6, confidence: 0.96875 })
})

function excludesZero({ low, high }: Location): boolean {
  return low !== null && high !== null && (low > 0 || high < 0)
}

test('p is at or under alpha exactly when the interval leaves zero out, ties or not', () => {
  fc.assert(
    fc.property(sample, sample, alphas, (x, y, alpha) => {
      for (const found of [oneSampleLocation(x, alpha), twoSampleShift(x, y, alpha)]) {
        expect(excludesZero(found)).toBe(found.low !== null && found.pValue <= alpha)
      }
    }),
  )
})

test('the interval holds the estimate and achieves what was asked for', () => {
  fc.assert(
    fc.property(sample, alphas, (x, alpha) => {
      const { estimate, low, high, confidence } = oneSampleLocation(x, alpha)
      if (low === null || high === null) return
      expect(low).toBeLessThanOrEqual(estimate)
      expect(high).toBeGreaterThanOrEqual(estimate)
      expect(confidence).toBeGreaterThanOrEqual(1 - alpha)
    }),
  )
})

test('the order of values does not matter', () => {
  const shuffled = sample.chain((x) =>
    fc.tuple(fc.constant(x), fc.shuffledSubarray(x, { minLength: x.length })),
  )
  fc.assert(
    fc.property(shuffled, sample, ([x, same], y) => {
      expect(oneSampleLocation(same, 0.05)).toEqual(oneSampleLocation(x, 0.05))
      expect(twoSampleShift(same, y, 0.05)).toEqual(twoSampleShift(x, y, 0.05))
    }),
  )
})

test('adding a constant moves estimate and interval by it', () => {
  const integers = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 6, maxLength: 30 })
  fc.assert(
    fc.property(integers, integers, fc.integer({ min: -500, max: 500 }), (x, y, by) => {
      const moved = x.map((value) => value + by)
      const [before, after] = [oneSampleLocation(x, 0.05), oneSampleLocation(moved, 0.05)]
      expect(after.estimate).toBe(before.estimate + by)
      expect([after.low, after.high]).toEqual([(before.low ?? NaN) + by, (before.high ?? NaN) + by])
      expect(twoSampleShift(moved, y, 0.05).estimate).toBe(twoSampleShift(x, y, 0.05).estimate - by)
    }),
  )
})

test('another unit changes estimate and interval by its factor and the p-value not at all', () => {
  fc.assert(
    // Powers of two, so that scaling is exact.
    fc.property(sample, sample, fc.constantFrom(0.25, 2, 1024), (x, y, factor) => {
      const scale = (values: readonly number[]) => values.map((value) => value * factor)
      for (const [before, after] of [
        [oneSampleLocation(x, 0.05), oneSampleLocation(scale(x), 0.05)],
        [twoSampleShift(x, y, 0.05), twoSampleShift(scale(x), scale(y), 0.05)],
      ] as const) {
        expect(after.pValue).toBe(before.pValue)
        expect(after.estimate).toBe(before.estimate * factor)
        expect(after.low).toBe(before.low === null ? null : before.low * factor)
      }
    }),
  )
})

test('mirrored values give the mirrored answer', () => {
  fc.assert(
    fc.property(sample, sample, (x, y) => {
      const { pValue, low, high } = oneSampleLocation(x, 0.05)
      const mirrored = oneSampleLocation(
        x.map((value) => -value),
        0.05,
      )
      expect(mirrored.pValue).toBe(pValue)
      expect(mirrored.low! + high!).toBeCloseTo(0, 9)
      expect(mirrored.high! + low!).toBeCloseTo(0, 9)
      expect(twoSampleShift(y, x, 0.05).pValue).toBe(twoSampleShift(x, y, 0.05).pValue)
    }),
  )
})

test('whatever the ties and zeros, at most alpha of all sign patterns are rejected', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 6, maxLength: 8 })
  fc.assert(
    fc.property(sizes, fc.constantFrom(0.05, 0.1), (x, alpha) => {
      let rejected = 0
      for (let pattern = 0; pattern < 2 ** x.length; pattern++) {
        const signed = x.map((size, i) => (pattern & (1 << i) ? size : -size))
        if (oneSampleLocation(signed, alpha).pValue <= alpha) rejected++
      }
      expect(rejected / 2 ** x.length).toBeLessThanOrEqual(alpha)
    }),
    { numRuns: 25 },
  )
})

test('no way of breaking ties gives a larger p-value', () => {
  const tied = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 6, maxLength: 12 })
  const jitter = fc.array(fc.double({ min: -0.01, max: 0.01, noNaN: true }), { minLength: 12, maxLength: 12 })
  fc.assert(
    fc.property(tied, tied, jitter, (x, y, by) => {
      const broken = x.map((value, i) => value + (by[i] ?? 0))
      expect(oneSampleLocation(broken, 0.05).pValue).toBeLessThanOrEqual(oneSampleLocation(x, 0.05).pValue)
      expect(twoSampleShift(broken, y, 0.05).pValue).toBeLessThanOrEqual(twoSampleShift(x, y, 0.05).pValue)
    }),
  )
})

test('the Hodges-Lehmann estimate is not moved by one wild value', () => {
  expect(hodgesLehmann([1, 2, 3, 4, 5, 6, 7])).toBe(4)
  expect(hodgesLehmann([1, 2, 3, 4, 5, 6, 7e9])).toBeLessThan(5)
})
