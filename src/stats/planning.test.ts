import { expect, test } from 'vitest'
import { detectablePaired, detectableShift, robustSd, unitsToSettle } from './planning.ts'
import { comparePairs, type Pair } from './compare-pairs.ts'
import { twoSampleShift } from './location.ts'
import { seededRandom } from '../random.ts'
import { gaussian } from './testing/noise.ts'

const question = { n: 20, difference: 4, halfWidth: 8, alpha: 0.05, intervalAlpha: 0.05, deltaNs: null }

test('the spread is 1.4826 times the median absolute deviation, whatever one value does', () => {
  expect(robustSd([1, 1, 2, 2, 4, 6, 9])).toBeCloseTo(1.4826 * 1, 12)
  expect(robustSd([1, 1, 2, 2, 4, 6, 9e9])).toBeCloseTo(1.4826 * 1, 12)
  // More than half are equal, so the median absolute deviation is zero.
  expect(robustSd([5, 5, 5, 9])).toBe(2)
  expect(robustSd([5])).toBe(0)
})

test('many pairs detect 2.87 standard errors', () => {
  // (1.96 + 0.8416) sqrt(pi / 3)
  expect(detectablePaired(1, 1e6, 0.05) * 1e3).toBeCloseTo(2.867, 3)
})

test.each([6, 8, 12, 20])('about 80 %% of differences that %d restarts should detect are found', (n) => {
  const random = seededRandom(n)
  const shift = detectablePaired(1, n, 0.05)
  const found = Array.from({ length: 1_000 }, () => {
    const starts = Array.from({ length: n }, (): Pair[] => [[1000, 1000 + gaussian(random) + shift]])
    return comparePairs([starts], { scale: 'difference' })
  }).filter(({ verdict }) => verdict === 'slower').length
  // Four standard errors of a share of 1,000 campaigns below 0.8.
  expect(found / 1_000).toBeGreaterThan(0.75)
  expect(found / 1_000).toBeLessThan(0.95)
})

test.each([5, 8, 12])('about 80 %% of shifts that %d restarts a side should detect are found', (n) => {
  const random = seededRandom(n)
  const side = { sd: 1, n }
  const shift = detectableShift(side, side, 0.05)
  const sample = (centre: number) => Array.from({ length: n }, () => gaussian(random) + centre)
  const found = Array.from({ length: 1_000 }, () => twoSampleShift(sample(0), sample(shift), 0.05)).filter(
    ({ pValue }) => pValue <= 0.05,
  ).length
  expect(found / 1_000).toBeGreaterThan(0.75)
  expect(found / 1_000).toBeLessThan(0.92)
})

test('a shift takes the spread of both sides into account', () => {
  const side = { sd: 3, n: 8 }
  const both = detectableShift(side, side, 0.05)
  expect(detectableShift(side, { sd: 0, n: 8 }, 0.05)).toBeCloseTo(both / Math.SQRT2, 10)
  expect(detectableShift({ sd: 6, n: 8 }, { sd: 6, n: 8 }, 0.05)).toBeCloseTo(2 * both, 10)
})

test('an interval twice as wide as its difference needs about eight times the restarts', () => {
  // (8 / 4)^2 times ((1.96 + 0.8416) / 1.96)^2 times 20.
  expect(unitsToSettle(question)).toBe(Math.ceil(20 * 4 * (2.8016 / 1.96) ** 2))
})

test('a delta far from the estimate settles sooner', () => {
  expect(unitsToSettle({ ...question, deltaNs: 12 })).toBe(Math.ceil(20 * (2.8016 / 1.96) ** 2))
  expect(unitsToSettle({ ...question, deltaNs: 5 })).toBe(unitsToSettle(question))
})

test('a stricter alpha takes more restarts, and always at least one more', () => {
  expect(unitsToSettle({ ...question, alpha: 0.005 })).toBeGreaterThan(unitsToSettle(question) ?? Infinity)
  expect(unitsToSettle({ ...question, halfWidth: 0.1 })).toBe(21)
})

test('an estimate of zero without a delta is never settled', () => {
  expect(unitsToSettle({ ...question, difference: 0 })).toBeNull()
})
