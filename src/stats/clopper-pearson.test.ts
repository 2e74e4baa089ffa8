import { expect, test } from 'vitest'
import { clopperPearson } from './clopper-pearson.ts'

test.each([
  // Closed forms: (alpha/2)^(1/n) ends the interval of n in n, and the mirror of it that of none.
  [0, 10, 0, 1 - 0.025 ** (1 / 10)],
  [10, 10, 0.025 ** (1 / 10), 1],
  [0, 100, 0, 1 - 0.025 ** (1 / 100)],
  // R's documentation of binom.test, example of Conover: 682 of 925.
  [682, 925, 0.7076683, 0.7654066],
])('%d of %d lies between %f and %f', (hits, n, low, high) => {
  const found = clopperPearson(hits, n, 0.05)
  expect(found[0]).toBeCloseTo(low, 6)
  expect(found[1]).toBeCloseTo(high, 6)
})

test('counts that make no share are refused', () => {
  expect(() => clopperPearson(3, 2, 0.05)).toThrow(RangeError)
  expect(() => clopperPearson(0, 0, 0.05)).toThrow(RangeError)
})
