import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exponential, mulberry32, shuffle } from './random.ts'

test('the same seed gives the same numbers, in [0, 1)', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const [a, b] = [mulberry32(seed), mulberry32(seed)]
      for (let i = 0; i < 20; i++) {
        const value = a()
        expect(b()).toBe(value)
        expect(value >= 0 && value < 1).toBe(true)
      }
    }),
  )
})

test('the generator is mulberry32', () => {
  // First outputs for seed 1 of the published C code, divided by 2^32.
  const random = mulberry32(1)
  expect([random(), random(), random()].map((value) => value * 2 ** 32)).toEqual([
    2693262067, 11749833, 2265367787,
  ])
})

test('a shuffle keeps the items, and every order comes up about equally often', () => {
  const random = mulberry32(7)
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
  const random = mulberry32(3)
  let sum = 0
  for (let i = 0; i < 20_000; i++) sum += exponential(random, 5)
  expect(sum / 20_000).toBeGreaterThan(4.8)
  expect(sum / 20_000).toBeLessThan(5.2)
})
