import { expect, test } from 'vitest'
import { approximateDistribution, criticalValue } from './null-distribution.ts'
import { rankSumNull } from './rank-sum-null.ts'

// D. Auble, Extended Tables for the Mann-Whitney Statistic, Bulletin of the Institute of Educational Research at
// Indiana University 1 (1953), as reprinted in most textbooks: largest significant U, two-sided, at 5 % and at 1 %.
test.each([
  [3, 3, -1, -1],
  [4, 4, 0, -1],
  [5, 5, 2, 0],
  [5, 6, 3, 1],
  [5, 8, 6, 2],
  [5, 10, 8, 4],
  [6, 6, 5, 2],
  [7, 7, 8, 4],
  [8, 8, 13, 7],
  [8, 10, 17, 11],
  [9, 9, 17, 11],
  [10, 10, 23, 16],
  [12, 12, 37, 27],
  [15, 15, 64, 51],
  [20, 20, 127, 105],
])("Auble's table has the critical values of %d against %d", (m, n, atFive, atOne) => {
  expect(criticalValue(rankSumNull(m, n), 0.05)).toBe(atFive)
  expect(criticalValue(rankSumNull(n, m), 0.01)).toBe(atOne)
})

// H. B. Mann and D. R. Whitney (1947), table I: P(U <= u) for small samples.
test.each([
  [3, 3, 0, 0.05],
  [3, 3, 2, 0.2],
  [4, 4, 1, 0.029],
  [5, 5, 4, 0.048],
  [6, 6, 7, 0.047],
  [4, 6, 3, 0.033],
])(
  'Mann and Whitney table I: %d and %d values give U of %d or less with probability %d',
  (m, n, u, probability) => {
    expect(rankSumNull(m, n).atMost(u)).toBeCloseTo(probability, 3)
  },
)

test('agrees with counting all arrangements', () => {
  for (const [m, n] of [
    [1, 4],
    [3, 5],
    [5, 5],
    [6, 3],
  ] as const) {
    const counts = new Map<number, number>()
    let total = 0
    for (let arrangement = 0; arrangement < 2 ** (m + n); arrangement++) {
      let wins = 0
      let secondSeen = 0
      let firstSeen = 0
      for (let place = 0; place < m + n; place++) {
        if (arrangement & (1 << place)) {
          firstSeen++
          wins += secondSeen
        } else secondSeen++
      }
      if (firstSeen !== m) continue
      counts.set(wins, (counts.get(wins) ?? 0) + 1)
      total++
    }
    let below = 0
    for (let u = 0; u <= m * n; u++) {
      below += counts.get(u) ?? 0
      expect(rankSumNull(m, n).atMost(u)).toBeCloseTo(below / total, 12)
    }
  }
})

test('the normal approximation above 2,500 pairs is off by less than 0.001 where it begins', () => {
  const exact = rankSumNull(50, 50)
  const approximate = approximateDistribution(2500, (2500 * 101) / 12)
  for (let u = 0; u <= 2500; u += 10) {
    expect(Math.abs(exact.atMost(u) - approximate.atMost(u))).toBeLessThan(0.001)
  }
  // 250 values on one side and 11 on the other are approximated too.
  expect(rankSumNull(250, 11).atMost(1375)).toBeCloseTo(0.5, 2)
})
