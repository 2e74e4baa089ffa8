import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { comparePairs, type Pair } from './compare-pairs.ts'
import type { Comparison } from './comparison.ts'
import { mapNested, type Nested } from './nested.ts'
import { seededRandom } from '../random.ts'
import { noDifference, oneStart, steppingHost, wanderingHost, worldOf } from './testing/campaigns.ts'

const codes = (comparison: Comparison) => comparison.warnings.map((warning) => warning.code)
const isDifference = ({ verdict }: Comparison) => verdict === 'slower' || verdict === 'faster'
/** Restarts of one build, each with one round. */
const starts = (pairs: readonly Pair[]): Nested<Pair> => [pairs.map((pair) => [pair])]
/** Rounds of one start. */
const rounds = (pairs: readonly Pair[]): Nested<Pair> => [[[...pairs]]]

const lab = worldOf({ host: wanderingHost, restart: 0.007, round: 0.007 })
const run = (restarts: number, addedNs: number, seed = 1) =>
  lab(seededRandom(seed), restarts, 4, { factor: 1, addedNs })

describe('verdicts', () => {
  test('a path that takes 50 µs longer is slower, and the other way round faster', () => {
    const slower = comparePairs(run(8, 50_000))
    expect(slower).toMatchObject({
      verdict: 'slower',
      unit: 'restart',
      n: 8,
      unitsNeeded: null,
      refused: false,
    })
    expect(slower.low).toBeLessThan(50_000)
    expect(slower.high).toBeGreaterThan(50_000)
    expect(slower.pValue).toBeLessThan(0.01)
    const faster = comparePairs(mapNested(run(8, 50_000), ([a, b]): Pair => [b, a]))
    expect(faster).toMatchObject({ verdict: 'faster', pValue: slower.pValue })
  })

  test('same takes an interval inside the margin; a large p-value is not enough', () => {
    const pairs = run(12, 0)
    expect(comparePairs(pairs, { deltaNs: 20_000 }).verdict).toBe('same')
    expect(comparePairs(pairs, { deltaShare: 0.05 }).verdict).toBe('same')
    expect(comparePairs(pairs, { deltaNs: 20_000, deltaShare: 0.0001 }).verdict).toBe('cannot tell')
    expect(comparePairs(pairs, { deltaNs: 100 }).verdict).toBe('cannot tell')
    expect(comparePairs(pairs).verdict).toBe('cannot tell')
  })

  test('a difference below the margin is the same, and says that there is one', () => {
    const found = comparePairs(run(12, 15_000), { deltaNs: 40_000 })
    expect(found.verdict).toBe('same')
    expect(found.pValue).toBeLessThan(0.05)
    expect(codes(found)).toContain('within-margin')
  })

  test('a quantile that rounds do not carry gets no verdict', () => {
    const requestsPerRound = Array.from({ length: 32 }, () => 500)
    expect(comparePairs(run(8, 50_000), { quantile: 0.9, requestsPerRound }).verdict).toBe('slower')
    const tail = comparePairs(run(8, 50_000), { quantile: 0.99, requestsPerRound, deltaNs: 1e9 })
    expect(tail).toMatchObject({ verdict: 'cannot tell', refused: true, pValue: null, unitsNeeded: null })
    expect(codes(tail)).toContain('quantile-not-carried')
  })

  test('half the differences being zero points at the resolution', () => {
    const pairs = Array.from({ length: 20 }, (_, i): Pair => [500, 500 + (i < 12 ? 0 : 256)])
    const found = comparePairs(rounds(pairs))
    expect(codes(found)).toContain('tied')
    expect(found.verdict).toBe('cannot tell')
  })

  test('no rounds at all is not an error', () => {
    for (const nothing of [[], [[]], [[[], []]]]) {
      const empty = { difference: null, ratio: null, verdict: 'cannot tell', n: 0, detectable: null }
      expect(comparePairs(nothing)).toMatchObject(empty)
    }
  })

  test('what cannot be compared is an error', () => {
    expect(() => comparePairs(starts([[1, NaN]]))).toThrow(RangeError)
    expect(() => comparePairs(starts([[0, 1]]))).toThrow(RangeError)
    expect(() => comparePairs(starts([[1, -1]]))).toThrow(RangeError)
    expect(comparePairs(starts([[0, 1]]), { scale: 'difference' }).difference).toBe(1)
    expect(() => comparePairs(starts([[1, 2]]), { alpha: 5 })).toThrow(RangeError)
    expect(() => comparePairs(starts([[1, 2]]), { deltaNs: -1 })).toThrow(RangeError)
    expect(() => comparePairs(starts([[1, 2]]), { deltaShare: Number.NaN })).toThrow(RangeError)
  })
})

describe('how many it takes', () => {
  const clear = (n: number) => Array.from({ length: n }, (_, i): Pair => [100 + i, 200 + i + (i % 2)])

  test('five starts get no verdict however clear, six do', () => {
    const five = comparePairs(starts(clear(5)), { deltaNs: 1, scale: 'difference' })
    expect(five).toMatchObject({ verdict: 'cannot tell', low: null, high: null, pValue: null })
    expect(five.unitsNeeded).toBeGreaterThanOrEqual(6)
    expect(five.difference).toBeCloseTo(100.5, 0)
    expect(codes(five)).toContain('too-few-units')
    const six = comparePairs(starts(clear(6)), { scale: 'difference' })
    expect(six).toMatchObject({ verdict: 'slower', unit: 'restart', pValue: 0.03125, warnings: [] })
  })

  test('rounds of one start can decide too, and say that they hold for that start', () => {
    const found = comparePairs(rounds(clear(12)), { scale: 'difference' })
    expect(found).toMatchObject({ verdict: 'slower', unit: 'round', n: 12 })
    expect(codes(found)).toContain('one-start')
  })

  test('a stricter alpha takes more starts', () => {
    expect(comparePairs(starts(clear(8)), { alpha: 0.01 })).toMatchObject({
      verdict: 'slower',
      unit: 'restart',
    })
    const found = comparePairs(starts(clear(7)), { alpha: 0.01 })
    expect(found).toMatchObject({ verdict: 'cannot tell', fewest: 8 })
    expect(found.warnings[0]?.message).toContain('under 8')
  })

  test('an open question says how many starts would settle it, and they do', () => {
    const settled = Array.from({ length: 200 }, (_, seed) => {
      const open = comparePairs(run(8, 6_000, seed), { deltaNs: 3_000 })
      if (open.verdict !== 'cannot tell') return []
      expect(open.unitsNeeded).toBeGreaterThan(8)
      const more = run(Math.min(200, open.unitsNeeded!), 6_000, seed + 1_000)
      return [comparePairs(more, { deltaNs: 3_000 }).verdict]
    }).flat()
    expect(settled.length).toBeGreaterThan(30)
    expect(settled.filter((verdict) => verdict !== 'cannot tell').length / settled.length).toBeGreaterThan(
      0.7,
    )
    expect(settled).not.toContain('faster')
  })
})

describe('what does not matter', () => {
  const pair = fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 99 }))
  const nested = fc.array(fc.array(pair, { minLength: 1, maxLength: 3 }), { minLength: 6, maxLength: 12 })
  const scales = fc.constantFrom('ratio', 'difference')

  test('the verdict follows from p, interval and margin and from nothing else', () => {
    fc.assert(
      fc.property(nested, scales, fc.integer({ min: 0, max: 60 }), (of, scale, deltaNs) => {
        const { low, high, pValue, verdict } = comparePairs([of], { scale, deltaNs })
        expect(low! > 0 || high! < 0).toBe(pValue! <= 0.05)
        const isInside = low! > -deltaNs && high! < deltaNs
        const otherwise = low! > 0 ? 'slower' : high! < 0 ? 'faster' : 'cannot tell'
        expect(verdict).toBe(isInside ? 'same' : otherwise)
      }),
    )
  })

  test('the order of starts, and of rounds in a start', () => {
    fc.assert(
      fc.property(nested, scales, (of, scale) => {
        const { contrasts: _one, ...found } = comparePairs([of], { scale })
        const turned = of.toReversed().map((own) => own.toReversed())
        const { contrasts: _other, ...back } = comparePairs([turned], { scale })
        expect(back).toEqual(found)
      }),
    )
  })

  test('more rounds that repeat their start', () => {
    fc.assert(
      fc.property(nested, scales, (of, scale) => {
        const repeated = of.map((own) => [...own, ...own, ...own])
        expect(comparePairs([repeated], { scale })).toEqual(comparePairs([of], { scale }))
      }),
    )
  })

  test('how fast the host is, to a ratio; what it adds to both, to a difference', () => {
    const host = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 36, maxLength: 36 })
    fc.assert(
      fc.property(nested, host, (of, by) => {
        const moved = (change: (value: number, by: number) => number) =>
          of.map((own, r) =>
            own.map(([a, b], k): Pair => [change(a, by[r * 3 + k]!), change(b, by[r * 3 + k]!)]),
          )
        const plain = comparePairs([of])
        const busy = comparePairs([moved((value, speed) => value * speed)])
        expect(busy.verdict).toBe(plain.verdict)
        expect(busy.ratio!.estimate).toBeCloseTo(plain.ratio!.estimate, 9)
        expect(busy.ratio!.low).toBeCloseTo(plain.ratio!.low!, 9)
        const added = comparePairs([moved((value, ns) => value + 1_000 * ns)], { scale: 'difference' })
        const { levelNs: _level, ratio: _ratio, ...rest } = comparePairs([of], { scale: 'difference' })
        expect(added).toMatchObject(rest)
      }),
    )
  })

  test('swapping the paths mirrors the answer', () => {
    const mirrored = {
      slower: 'faster',
      faster: 'slower',
      same: 'same',
      'cannot tell': 'cannot tell',
    } as const
    fc.assert(
      fc.property(nested, scales, (of, scale) => {
        const forth = comparePairs([of], { scale })
        const back = comparePairs([mapNested([of], ([a, b]): Pair => [b, a])[0]!], { scale })
        expect(back.verdict).toBe(mirrored[forth.verdict])
        expect(back.pValue).toBe(forth.pValue)
        if (scale === 'ratio') expect(back.ratio!.estimate * forth.ratio!.estimate).toBeCloseTo(1, 9)
        else expect(back.difference! + forth.difference!).toBeCloseTo(0, 9)
        if (scale === 'ratio') expect(back.ratio!.low! * forth.ratio!.high!).toBeCloseTo(1, 9)
        else expect(back.low! + forth.high!).toBeCloseTo(0, 9)
      }),
    )
  })
})

describe('several builds', () => {
  const builds = (shifts: readonly number[], seed: number): Nested<Pair> =>
    shifts.flatMap((addedNs, i) => [...run(8, addedNs, seed + i)])

  test('six builds are the observations', () => {
    const six = builds([50_000, 49_000, 51_000, 50_000, 52_000, 48_000], 1)
    expect(comparePairs(six)).toMatchObject({ verdict: 'slower', unit: 'build', n: 6, warnings: [] })
  })

  test('two that agree give a verdict on their restarts', () => {
    expect(comparePairs(builds([50_000, 51_000], 1))).toMatchObject({
      verdict: 'slower',
      unit: 'restart',
      n: 16,
    })
  })

  test('builds that do not agree on what their restarts say give no verdict', () => {
    const found = comparePairs(builds([5_000, 80_000], 1))
    expect(found).toMatchObject({ verdict: 'cannot tell', refused: true })
    expect(found.pValue).toBeLessThan(0.05)
    expect(codes(found)).toContain('groups-disagree')
  })

  test('starts that do not agree on what their rounds say give no verdict', () => {
    const pairs = [30, 40].map((shift) =>
      Array.from({ length: 8 }, (_, i): Pair => [500, 500 + shift + ((3 * i) % 8)]),
    )
    const found = comparePairs([pairs])
    expect(found).toMatchObject({ verdict: 'cannot tell', refused: true, unit: 'round' })
    expect(codes(found)).toContain('groups-disagree')
  })
})

test.each([
  ['whose host wanders', lab, 8, 4],
  ['whose host steps', worldOf({ host: steppingHost, restart: 0.01, round: 0.01, disturbed: 0.02 }), 8, 4],
  ['of six restarts', lab, 6, 3],
])('of 500 A/A campaigns %s few find a difference, and intervals hold the truth', (_, world, restarts, n) => {
  const random = seededRandom(11)
  const found = Array.from({ length: 500 }, () => comparePairs(world(random, restarts, n, noDifference)))
  // 5 % and three standard errors of a share of 500.
  expect(found.filter(isDifference).length / 500).toBeLessThan(0.08)
  expect(found.filter(({ low, high }) => low! <= 0 && high! >= 0).length / 500).toBeGreaterThan(0.92)
})

test.each([0, 0.5])(
  'of 400 A/A campaigns of one start whose rounds correlate by %d few find a difference',
  (correlation) => {
    const random = seededRandom(12)
    const found = Array.from({ length: 400 }, () => comparePairs(oneStart(random, 20, correlation, 0)))
    expect(found.filter(isDifference).length / 400).toBeLessThan(0.09)
  },
)
