import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../random.ts'
import { jointSignFlip } from './sign-flip.ts'
import { gaussian } from './testing/noise.ts'

const norm = (own: readonly number[]) => Math.hypot(...own) || 1
const statistic = (own: readonly number[]) => Math.abs(own.reduce((sum, value) => sum + value, 0)) / norm(own)

/** Step-down max-T straight from its definition: every pattern of signs, mirrors included. */
function byBruteForce(contrasts: readonly (readonly number[])[]): number[] {
  const n = contrasts[0]!.length
  const patterns = Array.from({ length: 2 ** n }, (_, bits) =>
    Array.from({ length: n }, (__, i) => ((bits >> i) & 1 ? -1 : 1)),
  )
  const observed = contrasts.map(statistic)
  const order = observed.map((_, j) => j).toSorted((a, b) => observed[b]! - observed[a]!)
  const adjusted = observed.map(() => 1)
  let atLeast = 0
  for (const [place, j] of order.entries()) {
    const hits = patterns.filter((signs) => {
      const flipped = order
        .slice(place)
        .map((k) => statistic(contrasts[k]!.map((value, i) => value * signs[i]!)))
      return Math.max(...flipped) >= observed[j]! - 1e-9
    }).length
    atLeast = Math.max(atLeast, hits / patterns.length)
    adjusted[j] = atLeast
  }
  return adjusted
}

const value = fc.integer({ min: -50, max: 50 })
const families = fc
  .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 4 }))
  .chain(([n, k]) =>
    fc.array(fc.array(value, { minLength: n, maxLength: n }), { minLength: k, maxLength: k }),
  )
/** Whole numbers tie often, and then the order of comparisons that tie is free; these hardly ever do. */
const withoutTies = families.map((family) =>
  family.map((own, j) => own.map((v, i) => v + Math.sin(1 + 31 * j + 7 * i))),
)

const rounding = 5e-13

/** The largest difference between p-values that should be the same; infinite where they are not as many. */
function distance(found: readonly number[], expected: readonly number[]): number {
  if (found.length !== expected.length) return Infinity
  return Math.max(0, ...found.map((p, j) => Math.abs(p - expected[j]!)))
}

test('is exact: every pattern of signs counts once', () => {
  fc.assert(
    fc.property(withoutTies, (family) => {
      expect(distance(jointSignFlip(family), byBruteForce(family))).toBeLessThan(rounding)
    }),
    { numRuns: 200 },
  )
})

test('ties count against a difference, as in brute force', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (own) => {
      expect(distance(jointSignFlip([own]), byBruteForce([own]))).toBeLessThan(rounding)
    }),
  )
})

test('six observations with one sign have the p-value 2 / 2^6, alone and among others', () => {
  const clear = [10, 11, 9, 10, 12, 10]
  expect(jointSignFlip([clear])).toEqual([2 / 64])
  const [first, second, , fourth] = jointSignFlip([
    clear,
    clear.map((v) => -2 * v),
    [1, -1.2, 0.7, -0.4, 0.2, -0.5],
    clear.map((v, i) => v + i / 2),
  ])
  for (const p of [first, second, fourth]) expect(p).toBe(2 / 64)
})

test('six observations find all four true steps of a ladder with one null step', () => {
  const random = seededRandom(7)
  const found = Array.from({ length: 200 }, () => {
    const weather = Array.from({ length: 6 }, () => gaussian(random))
    const step = (size: number) => weather.map((w) => size + 0.3 * w + gaussian(random))
    return jointSignFlip([step(12), step(-10), step(0), step(15), step(9)])
  })
  const isFound = (p: number | undefined) => p! <= 0.05
  const all = found.filter((p) => [0, 1, 3, 4].every((j) => isFound(p[j])))
  expect(all.length).toBeGreaterThan(190)
})

test('the chance of any false verdict stays at alpha, whatever depends on what', () => {
  const random = seededRandom(8)
  const draws = 2000
  const anyFalse = Array.from({ length: draws }, () => {
    const weather = Array.from({ length: 8 }, () => gaussian(random))
    const step = (size: number) => weather.map((w) => size + 0.7 * w + gaussian(random))
    const steps = [step(0), step(8), step(0), step(0)]
    const p = jointSignFlip(steps)
    return [0, 2, 3].some((j) => p[j]! <= 0.05)
  }).filter(Boolean).length
  // Three standard errors of a share of 2,000 above 5 %.
  expect(anyFalse / draws).toBeLessThan(0.065)
  // And it is spent: a test that never rejects would pass the line above.
  expect(anyFalse / draws).toBeGreaterThan(0.02)
})

test('the order of comparisons only moves the answers', () => {
  const reordered = withoutTies.chain((family) =>
    fc.tuple(
      fc.constant(family),
      fc.shuffledSubarray(
        family.map((_, j) => j),
        { minLength: family.length },
      ),
    ),
  )
  fc.assert(
    fc.property(reordered, ([family, order]) => {
      const found = jointSignFlip(family)
      const moved = jointSignFlip(order.map((j) => family[j]!))
      expect(
        distance(
          moved,
          order.map((j) => found[j]!),
        ),
      ).toBeLessThan(rounding)
    }),
  )
})

test('neither the unit of a comparison matters, nor its direction, nor that of an observation', () => {
  fc.assert(
    fc.property(
      withoutTies,
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      fc.nat(),
      (family, by, which) => {
        const found = jointSignFlip(family)
        const j = which % family.length
        const change = (factor: number) =>
          family.map((own, k) => (k === j ? own.map((v) => v * factor) : own))
        expect(distance(jointSignFlip(change(by)), found)).toBeLessThan(rounding)
        expect(distance(jointSignFlip(change(-1)), found)).toBeLessThan(rounding)
        expect(distance(jointSignFlip(family.map((own) => own.map((v) => -v))), found)).toBeLessThan(rounding)
      },
    ),
  )
})

test('a p-value among others is never below that of the comparison alone', () => {
  fc.assert(
    fc.property(families, (family) => {
      jointSignFlip(family).forEach((p, j) =>
        expect(p).toBeGreaterThanOrEqual(jointSignFlip([family[j]!])[0]! - 1e-12),
      )
    }),
  )
})

test('more observations than can be tried are drawn from a seed, near the exact answer', () => {
  const random = seededRandom(9)
  const own = Array.from({ length: 16 }, () => 0.5 + gaussian(random))
  const [drawn] = jointSignFlip([own])
  expect(jointSignFlip([own])).toEqual([drawn])
  expect(drawn).toBeGreaterThan(0)
  const [exact] = byBruteForce([own])
  // Four standard errors of a share of 10,000 draws.
  expect(Math.abs(drawn! - exact!)).toBeLessThan(4 * Math.sqrt((exact! * (1 - exact!)) / 10_000))
  const clear = Array.from({ length: 20 }, () => 100)
  expect(jointSignFlip([clear])[0]).toBeGreaterThan(0)
  expect(jointSignFlip([clear])[0]).toBeLessThan(0.002)
})

test('zeros say nothing, and no comparisons are no error; unlike numbers of observations are one', () => {
  expect(jointSignFlip([[0, 0, 0, 0, 0, 0]])).toEqual([1])
  expect(jointSignFlip([])).toEqual([])
  expect(jointSignFlip([[]])).toEqual([1])
  expect(() => jointSignFlip([[1, 2], [1]])).toThrow(RangeError)
})
