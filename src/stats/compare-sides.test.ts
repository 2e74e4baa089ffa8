import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareSides } from './compare-sides.ts'
import type { Comparison } from './comparison.ts'
import { seededRandom } from '../random.ts'
import { separateRuns } from './testing/campaigns.ts'

const codes = (comparison: Comparison) => comparison.warnings.map((warning) => warning.code)
const isDifference = ({ verdict }: Comparison) => verdict === 'slower' || verdict === 'faster'
const shape = (builds: number, restarts = 6) => ({ builds, restarts, rounds: 4 })

describe('separate runs', () => {
  const side = (seed: number, builds: number, factor: number, restarts = 6) =>
    separateRuns(seededRandom(seed), shape(builds, restarts), factor, 0.005)

  test('a version that costs 10 % more is slower, and says so at the level that it is given', () => {
    const found = compareSides(side(1, 5, 1.2), side(2, 5, 1.32), { levelNs: 400_000 })
    expect(found).toMatchObject({
      verdict: 'slower',
      unit: 'build',
      n: 5,
      unitsNeeded: null,
      levelNs: 400_000,
    })
    expect(found.pValue).toBeCloseTo(2 / 252, 10)
    expect(found.low).toBeLessThan(40_000)
    expect(found.high).toBeGreaterThan(40_000)
    expect(found.ratio!.low).toBeLessThan(1.1)
    expect(found.ratio!.high).toBeGreaterThan(1.1)
  })

  test('with fewer builds restarts are the observations', () => {
    const found = compareSides(side(1, 1, 1), side(2, 1, 1.2), { levelNs: 400_000 })
    expect(found).toMatchObject({ verdict: 'slower', unit: 'restart', n: 6 })
  })

  test('rounds of one start are never the observations: four starts against five get no verdict', () => {
    const found = compareSides(side(1, 1, 1, 4), side(2, 1, 1.2, 5))
    expect(found).toMatchObject({ verdict: 'cannot tell', unit: 'restart', pValue: null, low: null, n: 4 })
    expect(found.ratio!.estimate).toBeCloseTo(1.2, 1)
    expect(found.unitsNeeded).toBeGreaterThanOrEqual(5)
    expect(codes(found)).toContain('too-few-per-side')
    expect(found.warnings[0]?.message).toContain('4 against 5 restarts')
    expect(compareSides([], side(1, 5, 1))).toMatchObject({ verdict: 'cannot tell', difference: null, n: 0 })
  })

  test('more rounds do not make more of a restart', () => {
    const a = [Array.from({ length: 5 }, (_, i) => [100 + i])]
    const b = [Array.from({ length: 5 }, (_, i) => [102 + i])]
    const repeat = (builds: readonly (readonly (readonly number[])[])[]) =>
      builds.map((build) => build.map((rounds) => Array.from({ length: 50 }, () => rounds[0]!)))
    expect(compareSides(repeat(a), repeat(b))).toEqual(compareSides(a, b))
    expect(compareSides(a, b).verdict).toBe('cannot tell')
  })

  test('the same within a margin', () => {
    const tight = (centre: number) => [Array.from({ length: 6 }, (_, i) => [centre + i])]
    expect(compareSides(tight(500_000), tight(500_001), { deltaNs: 1_000 }).verdict).toBe('same')
  })

  test('restarts that lie far out are pointed at', () => {
    const a = [[1, 2, 3, 4, 5, 6, 900, 7].map((value) => [value])]
    const b = [[11, 12, 13, 14, 15, 16, 17, 18].map((value) => [value])]
    expect(codes(compareSides(a, b, { scale: 'difference' }))).toContain('outlying-units')
  })

  test('what has no ratio is an error on that scale only', () => {
    expect(() => compareSides([[[0]]], [[[1]]])).toThrow(RangeError)
    expect(compareSides([[[0]]], [[[1]]], { scale: 'difference' }).difference).toBe(1)
  })

  test('swapping sides mirrors, and the order of restarts does not matter', () => {
    const start = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 4 })
    const starts = fc.array(start, { minLength: 5, maxLength: 7 })
    fc.assert(
      fc.property(starts, starts, fc.constantFrom('ratio', 'difference'), (a, b, scale) => {
        const found = compareSides([a], [b], { scale })
        const swapped = compareSides([b], [a], { scale })
        expect(swapped.pValue).toBe(found.pValue)
        if (scale === 'difference') expect(swapped.difference! + found.difference!).toBeCloseTo(0, 9)
        else expect(swapped.ratio!.estimate * found.ratio!.estimate).toBeCloseTo(1, 9)
        expect(compareSides([a.toReversed()], [b], { scale })).toEqual(found)
        expect(found.low! > 0 || found.high! < 0).toBe(found.pValue! <= 0.05)
      }),
      { numRuns: 50 },
    )
  })

  test.each([
    ['builds', shape(6)],
    ['restarts of one build whose builds do not differ', shape(1, 8)],
  ])('of 500 A/A campaigns over %s few find a difference', (_, size) => {
    const random = seededRandom(21)
    const buildShare = size.builds > 1 ? 0.01 : 0
    const wrong = Array.from({ length: 500 }, () =>
      compareSides(separateRuns(random, size, 1, buildShare), separateRuns(random, size, 1, buildShare)),
    ).filter(isDifference)
    expect(wrong.length / 500).toBeLessThan(0.08)
  })
})
