import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exponential, seededRandom, shuffle, shuffled } from './random.ts'

test('gives the published first numbers of mulberry32', () => {
  const random = seededRandom(0)
  // First outputs of the reference C code for state 0: 1144304738, 1416247, 958946056.
  expect([random(), random(), random()].map((x) => x * 2 ** 32)).toEqual([1144304738, 1416247, 958946056])
  const another = seededRandom(1)
  expect([another(), another(), another()].map((x) => x * 2 ** 32)).toEqual([
    2693262067, 11749833, 2265367787,
  ])
})

test('the same seed gives the same numbers and another seed gives others', () => {
  const take = (seed: number) => Array.from({ length: 5 }, seededRandom(seed))
  expect(take(7)).toEqual(take(7))
  expect(take(7)).not.toEqual(take(8))
})

test('numbers are spread evenly over [0, 1)', () => {
  const random = seededRandom(3)
  const bins = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 100_000; i++) bins[Math.floor(random() * 10)]! += 1
  // 10,000 expected with a standard deviation of 95.
  for (const bin of bins) expect(Math.abs(bin - 10_000)).toBeLessThan(5 * 95)
})

test('a shuffle keeps every item and the original as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
      const copy = [...items]
      const result = shuffled(items, seededRandom(seed))
      expect(items).toEqual(copy)
      expect(result.toSorted((a, b) => a - b)).toEqual(copy.toSorted((a, b) => a - b))
    }),
  )
})

test('a shuffle keeps the items, and every order comes up about equally often', () => {
  const random = seededRandom(7)
  const seen = new Map<string, number>()
  for (let i = 0; i < 6000; i++) {
    const items = [1, 2, 3]
    shuffle(items, random)
    expect(items.toSorted((a, b) => a - b)).toEqual([1, 2, 3])
    seen.set(items.join(), (seen.get(items.join()) ?? 0) + 1)
  }
  expect(seen.size).toBe(6)
  for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
})

test('exponential gaps have the mean that was asked for', () => {
  const random = seededRandom(3)
  let sum = 0
  for (let i = 0; i < 20_000; i++) sum += exponential(random, 5)
  expect(sum / 20_000).toBeGreaterThan(4.8)
  expect(sum / 20_000).toBeLessThan(5.2)
})
