import { expect, test } from 'vitest'
import { isInside, marginNs } from './margin.ts'

const at = (low: number | null, high: number | null, level = 400_000) => ({
  low,
  high,
  ratio: {
    estimate: 1,
    low: low === null ? null : 1 + low / level,
    high: high === null ? null : 1 + high / level,
  },
})
const us = (deltaNs: number) => ({ deltaNs, deltaShare: null })
const share = (deltaShare: number) => ({ deltaNs: null, deltaShare })

test.each([
  ['inside µs', at(-4000, 4000), us(5000), true],
  ['one end outside µs', at(-4000, 6000), us(5000), false],
  ['on the margin', at(-5000, 5000), us(5000), false],
  ['inside a share', at(-3000, 3000), share(0.01), true],
  ['outside a share', at(-3000, 5000), share(0.01), false],
  ['inside both', at(-3000, 3000), { deltaNs: 5000, deltaShare: 0.01 }, true],
  ['inside µs only', at(-3000, 4500), { deltaNs: 5000, deltaShare: 0.01 }, false],
  ['inside the share only', at(-3000, 3000), { deltaNs: 1000, deltaShare: 0.01 }, false],
  ['no margin', at(0, 0), { deltaNs: null, deltaShare: null }, false],
  ['no interval', at(null, null), us(5000), false],
  ['no ratio', { low: -1, high: 1, ratio: null }, us(5000), false],
])('an interval with %s', (_, interval, margin, inside) => {
  expect(isInside({ ...interval, margin })).toBe(inside)
})

test.each([
  [us(5000), 5000],
  [share(0.01), 4000],
  [{ deltaNs: 5000, deltaShare: 0.01 }, 4000],
  [{ deltaNs: 3000, deltaShare: 0.01 }, 3000],
  [{ deltaNs: null, deltaShare: null }, null],
])('%o is so many ns at 400 µs', (margin, ns) => {
  expect(marginNs({ margin, levelNs: 400_000 })).toBe(ns)
})

test('a share of no level is no margin', () => {
  expect(marginNs({ margin: share(0.01), levelNs: null })).toBeNull()
  expect(marginNs({ margin: { deltaNs: 5000, deltaShare: 0.01 }, levelNs: null })).toBe(5000)
})
