import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../random.ts'
import { summarizeLatency, summarizeSeries } from './summarize-series.ts'
import { gaussian } from './testing/noise.ts'

const codes = ({ warnings }: { readonly warnings: readonly { code: string }[] }) =>
  warnings.map((w) => w.code)
const steady = (seed: number, n: number, centre = 500_000) => {
  const random = seededRandom(seed)
  return Array.from({ length: n }, () => centre + 1_000 * gaussian(random))
}
/** Restarts of four rounds each. */
const starts = (seed: number, n: number, centre = 500_000) =>
  Array.from({ length: n }, (_, i) => steady(100 * seed + i, 4, centre))

describe('restarts', () => {
  test('eight give an estimate, an interval and what it achieves, and nothing to warn of', () => {
    const found = summarizeSeries([starts(1, 8)])
    expect(found).toMatchObject({ unit: 'restart', n: 8, warnings: [], betweenBuildSd: null })
    expect(found.low).toBeLessThan(found.estimate!)
    expect(found.high).toBeGreaterThan(found.estimate!)
    expect(found.confidence).toBeGreaterThanOrEqual(0.95)
    expect(found.confidence).toBeLessThan(0.97)
  })

  test('a higher confidence takes more of them', () => {
    expect(summarizeSeries([starts(2, 7)], { confidence: 0.99 }).unit).toBe('round')
    expect(summarizeSeries([starts(2, 8)], { confidence: 0.99 })).toMatchObject({ unit: 'restart' })
  })

  test('six builds are the observations, and their interval includes what a rebuild changes', () => {
    const builds = Array.from({ length: 6 }, (_, i) => starts(i, 3, 500_000 + 5_000 * (i % 3)))
    const found = summarizeSeries(builds)
    expect(found).toMatchObject({ unit: 'build', n: 6, warnings: [] })
    expect(found.betweenBuildSd).toBeGreaterThan(3_000)
    expect(found.high! - found.low!).toBeGreaterThan(5_000)
    expect(summarizeSeries(builds.slice(0, 2)).betweenBuildSd).toBeGreaterThan(0)
  })
})

describe('rounds of one start', () => {
  test('say that they hold for this start', () => {
    const found = summarizeSeries([[steady(1, 20)]])
    expect(found).toMatchObject({ unit: 'round', n: 20 })
    expect(codes(found)).toContain('one-start')
  })

  test('five give an estimate without an interval, and say what to do', () => {
    const found = summarizeSeries([[[1, 2, 3, 4, 5]]])
    expect(found).toMatchObject({ estimate: 3, low: null, high: null, confidence: null, n: 5 })
    const few = found.warnings.find(({ code }) => code === 'too-few-units')
    expect(few?.message).toBe('5 rounds: no verdict and no interval under 6. Run at least 1 more.')
  })

  test('that depend on each other widen the interval and say so', () => {
    const drifting = Array.from({ length: 20 }, (_, i) => 500_000 + 1_000 * i)
    const found = summarizeSeries([[drifting]])
    const mixed = summarizeSeries([[drifting.map((_, i) => drifting[(i * 7) % 20]!)]])
    expect(codes(found)).toContain('autocorrelated')
    expect(found.estimate).toBe(mixed.estimate)
    expect(found.high! - found.low!).toBeGreaterThan(1.3 * (mixed.high! - mixed.low!))
  })
})

test('no rounds give nothing, without an error', () => {
  for (const nothing of [[], [[]], [[[]]]]) {
    expect(summarizeSeries(nothing)).toMatchObject({ estimate: null, low: null, n: 0, betweenBuildSd: null })
  }
})

test('warns when rounds are too small for their quantile', () => {
  const requestsPerRound = Array.from({ length: 32 }, () => 400)
  const options = { requestsPerRound, quantile: 0.5 }
  expect(codes(summarizeSeries([starts(1, 8)], options))).toEqual([])
  const tail = summarizeSeries([starts(1, 8)], { ...options, quantile: 0.99 })
  expect(codes(tail)).toEqual(['quantile-not-carried'])
  expect(tail.warnings[0]?.message).toContain('about 400 requests, and p99 needs 1000')
})

test('values that are no numbers and a senseless confidence are refused', () => {
  expect(() => summarizeSeries([[[1, NaN]]])).toThrow(RangeError)
  expect(() => summarizeSeries([[[1, Infinity]]])).toThrow(RangeError)
  expect(() => summarizeSeries([[[1, 2]]], { confidence: 95 })).toThrow(RangeError)
})

test('a latency is never said to be negative', () => {
  const wild = [[[0, 0, 0, 9_999, 0, 9_999, 9_999]]]
  expect(summarizeSeries(wild).low).toBeLessThan(0)
  expect(summarizeLatency(wild).low).toBe(0)
})

test('another unit or origin changes the numbers accordingly', () => {
  const values = fc.array(fc.integer({ min: 0, max: 9_999 }), { minLength: 6, maxLength: 30 })
  fc.assert(
    fc.property(values, fc.boolean(), (of, areStarts) => {
      const nested = (own: readonly number[]) => [areStarts ? own.map((value) => [value]) : [own]]
      const found = summarizeSeries(nested(of))
      const moved = summarizeSeries(nested(of.map((value) => 2 * value + 1_000)))
      expect(moved.low).toBeCloseTo(2 * found.low! + 1_000, 6)
      expect(moved.high).toBeCloseTo(2 * found.high! + 1_000, 6)
      expect(moved.estimate).toBeCloseTo(2 * found.estimate! + 1_000, 6)
    }),
  )
})
