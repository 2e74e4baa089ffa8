import fc from 'fast-check'
import { expect, test } from 'vitest'
import { permutationTest } from './permutation.ts'
import { permutationCases } from './testing/scipy-answers.ts'

test.each(permutationCases)('SciPy agrees ($pValue)', ({ a, b, pValue }) => {
  expect(permutationTest(a, b)).toBeCloseTo(pValue, 10)
})

test('five values that all lie above five others are 2 of 252 relabelings', () => {
  expect(permutationTest([1, 2, 3, 4, 5], [11, 12, 13, 14, 15])).toBeCloseTo(2 / 252, 12)
})

test('equal groups are no difference, and no grouping beats chance by more than all others', () => {
  expect(permutationTest([0.1, 0.2, 0.3], [0.3, 0.2, 0.1])).toBe(1)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 4, maxLength: 10 }), (x) => {
      const p = permutationTest(x.slice(0, 2), x.slice(2))
      expect(p).toBeGreaterThan(0)
      expect(p).toBeLessThanOrEqual(1)
      expect(permutationTest(x.slice(2), x.slice(0, 2))).toBeCloseTo(p, 12)
    }),
  )
})

test('large groups are sampled: near the exhaustive answer, repeatable, never zero', () => {
  const exhaustive = Array.from({ length: 9 }, (_, i) => (i * 7) % 13)
  const shifted = exhaustive.map((value) => value + 2)
  const exact = permutationTest(exhaustive, shifted)
  // A thirteenth value in each group that hardly changes the data but ends enumeration.
  const sampled = permutationTest([...exhaustive, 5.5], [...shifted, 7.5], 3)
  expect(Math.abs(sampled - exact)).toBeLessThan(0.1)
  expect(permutationTest([...exhaustive, 5.5], [...shifted, 7.5], 3)).toBe(sampled)
  const low = Array.from({ length: 20 }, (_, i) => i)
  expect(
    permutationTest(
      low,
      low.map((value) => value + 1000),
    ),
  ).toBe(1 / 10_000)
})

test('an empty group cannot be compared', () => {
  expect(() => permutationTest([], [1])).toThrow(RangeError)
})
