import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asDifference, asFactor, contrast, type Scale } from './scale.ts'

const ns = fc.double({ min: 1e3, max: 1e9, noNaN: true })
const scales = fc.constantFrom<Scale>('ratio', 'difference')
const point = (estimate: number) => ({ estimate, low: null, high: null })
const near = (found: number, expected: number) =>
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)) + 1e-3)

test('what two times differ by comes back at the level of the first, on both scales', () => {
  fc.assert(
    fc.property(ns, ns, scales, (a, b, scale) => {
      const observed = point(contrast(a, b, scale))
      near(asDifference(observed, scale, a).estimate, b - a)
      expect(asFactor(observed, scale, a).estimate).toBeCloseTo(b / a, 6)
    }),
  )
})

test('swapped, two times differ by the opposite to the last bit, and as much on a faster host', () => {
  const whole = fc.integer({ min: 1, max: 1_000_000 })
  fc.assert(
    fc.property(whole, whole, fc.integer({ min: 1, max: 99 }), scales, (a, b, speed, scale) => {
      expect(contrast(a, b, scale) + contrast(b, a, scale)).toBe(0)
      expect(contrast(speed * a, speed * b, 'ratio')).toBe(contrast(a, b, 'ratio'))
    }),
  )
})

test('a ratio is so many µs at the level: ×1.5 of 400 µs is +200 µs', () => {
  const interval = { estimate: Math.log(1.5), low: Math.log(1.4), high: Math.log(1.6) }
  const inNs = asDifference(interval, 'ratio', 400_000)
  near(inNs.estimate, 200_000)
  near(inNs.low!, 160_000)
  near(inNs.high!, 240_000)
  expect(asFactor(interval, 'ratio', 1).high).toBeCloseTo(1.6, 12)
})

test('ends that are not there stay so', () => {
  for (const scale of ['ratio', 'difference'] as const) {
    expect(asDifference(point(0.1), scale, 100)).toMatchObject({ low: null, high: null })
    expect(asFactor(point(0.1), scale, 100)).toMatchObject({ low: null, high: null })
  }
})

test('both scales keep the order of an interval and the place of zero', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -2, max: 2, noNaN: true }),
      fc.double({ min: 0, max: 2, noNaN: true }),
      scales,
      (low, width, scale) => {
        const interval = { estimate: low + width / 2, low, high: low + width }
        const difference = asDifference(interval, scale, 1000)
        const factor = asFactor(interval, scale, 1000)
        expect(difference.low!).toBeLessThanOrEqual(difference.high!)
        expect(factor.low!).toBeLessThanOrEqual(factor.high!)
        expect(Math.sign(difference.low!)).toBe(Math.sign(low))
      },
    ),
  )
})

test('a time of zero or less has a difference but no ratio', () => {
  expect(contrast(0, 5, 'difference')).toBe(5)
  for (const [a, b] of [
    [0, 1],
    [1, 0],
    [-1, 1],
    [Number.NaN, 1],
  ] as const) {
    expect(() => contrast(a, b, 'ratio')).toThrow(RangeError)
  }
})
