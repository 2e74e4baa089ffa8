import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pairDifferences, walshAverages, type PairStatistics } from './pair-statistics.ts'

// Without -0, which sorts before 0 but equals it.
const number = fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => value + 0)
const values = fc.oneof(
  fc.array(number, { minLength: 1, maxLength: 30 }),
  fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 60 }),
)

function ordered(pairs: PairStatistics): number[] {
  return Array.from({ length: pairs.size }, (_, i) => kth(pairs, i + 1))
}

/** Half of the smallest number below zero is -0 again. */
function kth(pairs: PairStatistics, k: number): number {
  return pairs.kth(k) + 0
}

test('Walsh averages are all means of two, and of one with itself, in order', () => {
  fc.assert(
    fc.property(values, (x) => {
      const sorted = x.toSorted((p, q) => p - q)
      const all = sorted
        .flatMap((p, i) => sorted.slice(i).map((q) => (p + q) / 2 + 0))
        .toSorted((p, q) => p - q)
      const pairs = walshAverages(x)
      expect(ordered(pairs)).toEqual(all)
      expect(pairs.atMost(0)).toBe(all.filter((v) => v <= 0).length)
      expect(pairs.below(0)).toBe(all.filter((v) => v < 0).length)
    }),
  )
})

test('a mean that rounds to -0 is the zero that it equals', () => {
  expect(ordered(walshAverages([-5e-324, 0]))).toEqual([-5e-324, 0, 0])
})

test('searching finds what sorting finds, ties or not', () => {
  fc.assert(
    fc.property(values, values, (x, y) => {
      for (const [stored, searched] of [
        [walshAverages(x), walshAverages(x, 3)],
        [pairDifferences(x, y), pairDifferences(x, y, 3)],
      ] as const) {
        expect(searched.size).toBe(stored.size)
        const ranks = [1, 2, Math.ceil(stored.size / 3), Math.ceil(stored.size / 2), stored.size]
        for (const k of ranks.filter((rank) => rank <= stored.size))
          expect(kth(searched, k)).toBe(kth(stored, k))
        for (const value of [-1, 0, 1, stored.kth(1)]) {
          expect(searched.atMost(value)).toBe(stored.atMost(value))
          expect(searched.below(value)).toBe(stored.below(value))
        }
      }
    }),
  )
})

test('searching ends when almost all values are equal', () => {
  const equal = Array.from({ length: 2_000 }, (_, i) => (i === 0 ? -1 : i === 1 ? 1 : 0))
  expect(walshAverages(equal).kth(1_000_000)).toBe(0)
  const neighbours = Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 1 : 1 + Number.EPSILON))
  expect(walshAverages(neighbours).kth(40_000)).toBeGreaterThanOrEqual(1)
})
