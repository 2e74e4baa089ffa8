import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holmAdjust } from './holm.ts'

const probabilities = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 })

test('gives what R documents for p.adjust(p, "holm")', () => {
  expect(holmAdjust([0.01, 0.02, 0.03, 0.04, 0.05])).toEqual([0.05, 0.08, 0.09, 0.09, 0.09])
})

test("gives the four hypotheses of the textbook example of Holm's method", () => {
  // p = 0.01, 0.04, 0.03, 0.005: only the first and the fourth stay significant at 5 %.
  const adjusted = holmAdjust([0.01, 0.04, 0.03, 0.005])
  for (const [i, p] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[i]).toBeCloseTo(p, 12)
})

test('keeps the order of p-values, never lowers one, never exceeds Bonferroni or 1', () => {
  fc.assert(
    fc.property(probabilities, (p) => {
      const adjusted = holmAdjust(p)
      for (const [i, value] of p.entries()) {
        expect(adjusted[i]).toBeGreaterThanOrEqual(value)
        expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, p.length * value))
      }
      const byValue = p
        .map((value, i) => ({ value, adjusted: adjusted[i]! }))
        .toSorted((x, y) => x.value - y.value)
      const inOrder = byValue.map((entry) => entry.adjusted)
      expect(inOrder).toEqual(inOrder.toSorted((x, y) => x - y))
      for (const { value, adjusted: one } of byValue) expect(one).toBe(adjusted[p.indexOf(value)])
    }),
  )
})

test('the order in which a table is written does not matter', () => {
  fc.assert(
    fc.property(probabilities, (p) => {
      expect(holmAdjust(p.toReversed())).toEqual(holmAdjust(p).toReversed())
    }),
  )
})
