import { expect, test } from 'vitest'
import { approximateDistribution, criticalValue } from './null-distribution.ts'
import { signedRankNull } from './signed-rank-null.ts'

// R. L. McCornack, Extended Tables of the Wilcoxon Matched Pair Signed Rank Statistic, JASA 60 (1965): the largest
// statistic that is significant, two-sided, at 5 % and at 1 %; -1 where none is.
test.each([
  [5, -1, -1],
  [6, 0, -1],
  [7, 2, -1],
  [8, 3, 0],
  [9, 5, 1],
  [10, 8, 3],
  [11, 10, 5],
  [12, 13, 7],
  [13, 17, 9],
  [14, 21, 12],
  [15, 25, 15],
  [16, 29, 19],
  [17, 34, 23],
  [18, 40, 27],
  [19, 46, 32],
  [20, 52, 37],
  [25, 89, 68],
  [30, 137, 109],
  [40, 264, 220],
  [50, 434, 373],
])("McCornack's table has the critical values of %d pairs", (n, atFive, atOne) => {
  expect(criticalValue(signedRankNull(n), 0.05)).toBe(atFive)
  expect(criticalValue(signedRankNull(n), 0.01)).toBe(atOne)
})

// Hollander and Wolfe, Nonparametric Statistical Methods, table A.4: upper tails P(T+ >= x), equal to P(T+ <= max - x).
test.each([
  [5, 15, 0.031],
  [6, 21, 0.016],
  [9, 40, 0.02],
  [10, 47, 0.024],
  [12, 65, 0.021],
  [15, 95, 0.024],
])('Hollander and Wolfe table A.4: %d values reach %d or more with probability %d', (n, x, probability) => {
  const whenEqual = signedRankNull(n)
  expect(whenEqual.atMost(whenEqual.max - x)).toBeCloseTo(probability, 3)
})

test('agrees with counting all sign patterns', () => {
  for (let n = 1; n <= 10; n++) {
    const counts = new Map<number, number>()
    for (let pattern = 0; pattern < 2 ** n; pattern++) {
      let sum = 0
      for (let rank = 1; rank <= n; rank++) if (pattern & (1 << (rank - 1))) sum += rank
      counts.set(sum, (counts.get(sum) ?? 0) + 1)
    }
    const whenEqual = signedRankNull(n)
    let below = 0
    for (let value = 0; value <= whenEqual.max; value++) {
      below += counts.get(value) ?? 0
      expect(whenEqual.atMost(value)).toBeCloseTo(below / 2 ** n, 12)
    }
  }
})

test('the normal approximation above 500 values is off by less than 2e-4 where it begins', () => {
  const n = 500
  const exact = signedRankNull(n)
  const approximate = approximateDistribution(exact.max, (n * (n + 1) * (2 * n + 1)) / 24)
  for (let value = 0; value <= exact.max; value += 100) {
    expect(Math.abs(exact.atMost(value) - approximate.atMost(value))).toBeLessThan(2e-4)
  }
  expect(signedRankNull(501).atMost(-1)).toBe(0)
  expect(signedRankNull(501).atMost((501 * 502) / 2)).toBeCloseTo(1, 12)
})
