import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBuilds } from './compare-builds.ts'
import { comparePairedNested } from './compare-nested.ts'
import type { Comparison } from './comparison.ts'
import { seededRandom } from '../random.ts'
import { nestedBuilds, separateBuilds } from './testing/campaigns.ts'

const codes = (comparison: Comparison) => comparison.warnings.map((warning) => warning.code)
const isDifference = ({ verdict }: Comparison) => verdict === 'slower' || verdict === 'faster'

describe('separate runs', () => {
  const side = (seed: number, builds: number, shiftNs: number) =>
    separateBuilds(seededRandom(seed), builds, 20, shiftNs)

  test('a version that costs 40 µs more is slower', () => {
    const found = compareBuilds(side(1, 5, 0), side(2, 5, 40_000))
    expect(found).toMatchObject({
      verdict: 'slower',
      unit: 'build',
      n: 5,
      roundsNeeded: null,
      buildsNeeded: null,
    })
    expect(found.pValue).toBeCloseTo(2 / 252, 10)
    expect(found.low).toBeLessThan(40_000)
    expect(found.high).toBeGreaterThan(40_000)
  })

  test('four builds against five get no verdict however many rounds they have, and say why', () => {
    const found = compareBuilds(side(1, 4, 0), side(2, 5, 40_000))
    expect(found).toMatchObject({ verdict: 'cannot tell', pValue: null, low: null, roundsNeeded: null })
    expect(found.difference).toBeGreaterThan(20_000)
    expect(found.buildsNeeded).toBeGreaterThanOrEqual(5)
    expect(codes(found)).toEqual(['too-few-builds'])
    expect(found.warnings[0]?.message).toContain('4 against 5 builds')
    expect(compareBuilds([], side(1, 5, 0))).toMatchObject({ verdict: 'cannot tell', difference: null, n: 0 })
  })

  test('more rounds do not make more of a build', () => {
    const a = Array.from({ length: 5 }, (_, i) => [100 + i])
    const b = Array.from({ length: 5 }, (_, i) => [102 + i])
    const repeat = (builds: readonly (readonly number[])[]) =>
      builds.map((build) => Array.from({ length: 50 }, () => build[0]!))
    expect(compareBuilds(repeat(a), repeat(b))).toEqual(compareBuilds(a, b))
    expect(compareBuilds(a, b).verdict).toBe('cannot tell')
  })

  test('the same within delta', () => {
    const tight = (centre: number) => Array.from({ length: 6 }, (_, i) => [centre + i])
    expect(compareBuilds(tight(500_000), tight(500_001), { deltaNs: 1_000 }).verdict).toBe('same')
  })

  test('builds that lie far out are pointed at', () => {
    const a = [1, 2, 3, 4, 5, 6, 900, 7].map((value) => [value])
    const b = [11, 12, 13, 14, 15, 16, 17, 18].map((value) => [value])
    expect(codes(compareBuilds(a, b))).toContain('outlying-builds')
  })

  test('swapping sides mirrors, and the order of builds does not matter', () => {
    const build = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 4 })
    const builds = fc.array(build, { minLength: 5, maxLength: 7 })
    fc.assert(
      fc.property(builds, builds, (a, b) => {
        const found = compareBuilds(a, b)
        const swapped = compareBuilds(b, a)
        expect(swapped.pValue).toBe(found.pValue)
        expect(swapped.difference! + found.difference!).toBeCloseTo(0, 9)
        expect(compareBuilds(a.toReversed(), b)).toEqual(found)
        expect(found.low! > 0 || found.high! < 0).toBe(found.pValue! <= 0.05)
      }),
      { numRuns: 50 },
    )
  })

  test('of 500 A/A campaigns few find a difference', () => {
    const random = seededRandom(21)
    const wrong = Array.from({ length: 500 }, () =>
      compareBuilds(separateBuilds(random, 6, 10, 0), separateBuilds(random, 6, 10, 0)),
    ).filter(isDifference)
    expect(wrong.length / 500).toBeLessThan(0.07)
  })
})

describe('one run with several builds', () => {
  const run = (seed: number, builds: number, shiftNs: number) =>
    nestedBuilds(seededRandom(seed), builds, 20, shiftNs)

  test('six builds are the observations', () => {
    const { a, b } = run(3, 6, 50_000)
    expect(comparePairedNested(a, b)).toMatchObject({ verdict: 'slower', unit: 'build', n: 6, warnings: [] })
  })

  test('three builds that agree give a verdict on themselves', () => {
    const { a, b } = run(3, 3, 50_000)
    const found = comparePairedNested(a, b)
    expect(found).toMatchObject({ verdict: 'slower', unit: 'round', n: 60 })
    expect(codes(found)).toContain('few-builds')
  })

  test('builds that do not agree on what their rounds say give no verdict', () => {
    const refused = Array.from({ length: 100 }, (_, seed) => run(seed, 3, 0))
      .map(({ a, b }) => comparePairedNested(a, b))
      .filter((found) => found.refused)
    expect(refused.length).toBeGreaterThan(2)
    for (const found of refused) {
      expect(found.verdict).toBe('cannot tell')
      expect(found.pValue).toBeLessThanOrEqual(0.05)
      expect(codes(found)).toContain('builds-disagree')
    }
  })

  test('builds and rounds must pair up; builds without rounds do not count', () => {
    expect(() => comparePairedNested([[1]], [])).toThrow(RangeError)
    expect(() => comparePairedNested([[1, 2]], [[1]])).toThrow(RangeError)
    expect(comparePairedNested([[], []], [[], []])).toMatchObject({ difference: null, n: 0 })
  })

  test.each([2, 3, 5, 6])('of 400 A/A campaigns with %d builds few find a difference', (builds) => {
    const random = seededRandom(31)
    const wrong = Array.from({ length: 400 }, () => {
      const { a, b } = nestedBuilds(random, builds, 12, 0)
      return comparePairedNested(a, b)
    }).filter(isDifference)
    expect(wrong.length / 400).toBeLessThan(0.08)
  })
})
