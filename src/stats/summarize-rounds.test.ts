import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from './seeded-random.ts'
import { summarizeNested } from './summarize-nested.ts'
import { summarizeRounds } from './summarize-rounds.ts'
import { gaussian } from './testing/noise.ts'

const codes = ({ warnings }: { readonly warnings: readonly { code: string }[] }) =>
  warnings.map((w) => w.code)
const steady = (seed: number, n: number, centre = 500_000) => {
  const random = seededRandom(seed)
  return Array.from({ length: n }, () => centre + 1_000 * gaussian(random))
}

describe('rounds', () => {
  test('twenty rounds give an estimate, an interval and what it achieves', () => {
    const found = summarizeRounds(steady(1, 20))
    expect(found.n).toBe(20)
    expect(found.low).toBeLessThan(found.estimate!)
    expect(found.high).toBeGreaterThan(found.estimate!)
    expect(found.confidence).toBeGreaterThanOrEqual(0.95)
    expect(found.confidence).toBeLessThan(0.96)
    expect(found.warnings).toEqual([])
  })

  test('five rounds give an estimate without an interval, and say what to do', () => {
    const found = summarizeRounds([1, 2, 3, 4, 5])
    expect(found).toMatchObject({ estimate: 3, low: null, high: null, confidence: null, n: 5 })
    expect(codes(found)).toEqual(['too-few-rounds'])
    expect(found.warnings[0]?.message).toBe(
      '5 rounds: no verdict and no interval under 6. Run at least 1 more; 20 are a good plan.',
    )
  })

  test('a higher confidence takes more rounds', () => {
    expect(summarizeRounds(steady(2, 7), { confidence: 0.99 }).low).toBeNull()
    expect(summarizeRounds(steady(2, 8), { confidence: 0.99 }).low).not.toBeNull()
  })

  test('no rounds give nothing, without an error', () => {
    expect(summarizeRounds([])).toMatchObject({ estimate: null, low: null, n: 0 })
  })

  test('rounds that depend on each other widen the interval and say so', () => {
    const drifting = Array.from({ length: 20 }, (_, i) => 500_000 + 1_000 * i)
    const found = summarizeRounds(drifting)
    const shuffled = summarizeRounds(drifting.map((_, i) => drifting[(i * 7) % 20]!))
    expect(codes(found)).toEqual(['autocorrelated'])
    expect(codes(shuffled)).toEqual([])
    expect(found.estimate).toBe(shuffled.estimate)
    expect(found.high! - found.low!).toBeGreaterThan(1.3 * (shuffled.high! - shuffled.low!))
  })

  test('warns when rounds are too small for their quantile', () => {
    const requestsPerRound = Array.from({ length: 20 }, () => 400)
    expect(codes(summarizeRounds(steady(1, 20), { quantile: 0.5, requestsPerRound }))).toEqual([])
    const tail = summarizeRounds(steady(1, 20), { quantile: 0.99, requestsPerRound })
    expect(codes(tail)).toEqual(['quantile-not-carried'])
    expect(tail.warnings[0]?.message).toContain('about 400 requests, and p99 needs 1000')
  })

  test('values that are no numbers and a senseless confidence are refused', () => {
    expect(() => summarizeRounds([1, NaN])).toThrow(RangeError)
    expect(() => summarizeRounds([1, Infinity])).toThrow(RangeError)
    expect(() => summarizeRounds([1, 2], { confidence: 95 })).toThrow(RangeError)
  })

  test('another unit or origin changes the numbers accordingly', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9_999 }), { minLength: 6, maxLength: 30 }), (values) => {
        const found = summarizeRounds(values)
        const moved = summarizeRounds(values.map((value) => 2 * value + 1_000))
        expect(moved.low).toBeCloseTo(2 * found.low! + 1_000, 6)
        expect(moved.high).toBeCloseTo(2 * found.high! + 1_000, 6)
        expect(moved.estimate).toBeCloseTo(2 * found.estimate! + 1_000, 6)
      }),
    )
  })
})

describe('rounds in builds', () => {
  const builds = (n: number) => Array.from({ length: n }, (_, i) => steady(i, 20, 500_000 + 5_000 * (i % 3)))

  test('six builds are the observations, and their interval includes what a rebuild changes', () => {
    const found = summarizeNested(builds(6))
    expect(found).toMatchObject({ unit: 'build', n: 6, warnings: [] })
    expect(found.builds.map((build) => build.rounds)).toEqual([20, 20, 20, 20, 20, 20])
    expect(found.betweenBuildSd).toBeGreaterThan(3_000)
    const pooled = summarizeRounds(builds(6).flatMap((rounds) => rounds))
    expect(found.estimate).toBeCloseTo(pooled.estimate!, -4)
    expect(found.high! - found.low!).toBeGreaterThan(5_000)
  })

  test('fewer builds keep rounds as observations and say what is missing', () => {
    const found = summarizeNested(builds(3))
    expect(found).toMatchObject({ unit: 'round', n: 60 })
    expect(codes(found)).toContain('few-builds')
    expect(summarizeNested(builds(1)).betweenBuildSd).toBeNull()
    expect(codes(summarizeNested(builds(1)))).toContain('few-builds')
  })

  test('builds without rounds do not count', () => {
    expect(summarizeNested([[], ...builds(2), []]).builds).toHaveLength(2)
    expect(summarizeNested([])).toMatchObject({ estimate: null, n: 0, builds: [], betweenBuildSd: null })
  })
})
