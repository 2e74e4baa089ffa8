import fc from 'fast-check'
import { expect, test } from 'vitest'
import { comparePaired } from './compare-paired.ts'
import type { Comparison } from './comparison.ts'
import { oneSampleLocation } from './location.ts'
import { seededRandom } from '../random.ts'
import { noiseOfItsOwn, shuffledBlocks, shuffledRequests } from './testing/campaigns.ts'

const codes = (comparison: Comparison) => comparison.warnings.map((warning) => warning.code)
const rounds = (n: number, shiftNs: number, seed = 1) => shuffledRequests(seededRandom(seed), n, shiftNs)

test('a path that takes 50 µs longer is slower, and the other way round faster', () => {
  const { a, b } = rounds(20, 50_000)
  const slower = comparePaired(a, b)
  expect(slower).toMatchObject({
    verdict: 'slower',
    unit: 'round',
    n: 20,
    roundsNeeded: null,
    refused: false,
  })
  expect(slower.difference).toBeGreaterThan(49_000)
  expect(slower.difference).toBeLessThan(51_000)
  expect(slower.pValue).toBeLessThan(0.001)
  expect(comparePaired(b, a)).toMatchObject({ verdict: 'faster', pValue: slower.pValue })
})

test('same takes an interval inside delta; a large p-value is not enough', () => {
  const { a, b } = rounds(20, 0)
  expect(comparePaired(a, b, { deltaNs: 10_000 }).verdict).toBe('same')
  expect(comparePaired(a, b, { deltaNs: 100 }).verdict).toBe('cannot tell')
  expect(comparePaired(a, b).verdict).toBe('cannot tell')
})

test('a difference below delta is the same, and says that there is one', () => {
  const { a, b } = rounds(20, 4_000)
  const found = comparePaired(a, b, { deltaNs: 10_000 })
  expect(found.verdict).toBe('same')
  expect(found.pValue).toBeLessThan(0.05)
  expect(codes(found)).toContain('within-delta')
})

test('five rounds get no verdict however clear, six do', () => {
  const five = comparePaired([1, 2, 3, 4, 5], [101, 102, 103, 104, 105.5], { deltaNs: 1 })
  expect(five).toMatchObject({ verdict: 'cannot tell', low: null, high: null, pValue: null, roundsNeeded: 6 })
  expect(five.difference).toBeCloseTo(100, 5)
  expect(codes(five)).toEqual(['too-few-rounds'])
  const six = comparePaired([1, 2, 3, 4, 5, 6], [101, 103, 103, 105, 105, 107])
  expect(six).toMatchObject({ verdict: 'slower', pValue: 0.03125 })
  expect(codes(six)).toEqual(['few-rounds'])
})

test('a stricter alpha takes more rounds', () => {
  const { a, b } = rounds(7, 50_000)
  const found = comparePaired(a, b, { alpha: 0.01 })
  expect(found).toMatchObject({ verdict: 'cannot tell', fewest: 8 })
  expect(found.warnings[0]?.message).toContain('under 8')
})

test('an open question says how many rounds would settle it, and they do', () => {
  const settled = Array.from({ length: 200 }, (_, seed) => {
    const few = shuffledBlocks(seededRandom(seed), 10, 10_000)
    const open = comparePaired(few.a, few.b, { deltaNs: 5_000 })
    if (open.verdict !== 'cannot tell') return []
    const more = shuffledBlocks(seededRandom(seed + 1_000), Math.min(400, open.roundsNeeded!), 10_000)
    expect(open.roundsNeeded).toBeGreaterThan(10)
    return [comparePaired(more.a, more.b, { deltaNs: 5_000 }).verdict]
  }).flat()
  expect(settled.length).toBeGreaterThan(50)
  expect(settled.filter((verdict) => verdict !== 'cannot tell').length / settled.length).toBeGreaterThan(0.7)
  expect(settled).not.toContain('same')
})

test('half the differences being zero points at the resolution', () => {
  const a = Array.from({ length: 20 }, () => 500)
  const found = comparePaired(
    a,
    a.map((value, i) => value + (i < 12 ? 0 : 256)),
  )
  expect(codes(found)).toContain('tied')
  expect(found.verdict).toBe('cannot tell')
})

test('a quantile that rounds do not carry gets no verdict', () => {
  const { a, b } = rounds(20, 50_000)
  const requestsPerRound = a.map(() => 500)
  expect(comparePaired(a, b, { quantile: 0.9, requestsPerRound }).verdict).toBe('slower')
  const tail = comparePaired(a, b, { quantile: 0.99, requestsPerRound, deltaNs: 1e9 })
  expect(tail).toMatchObject({ verdict: 'cannot tell', refused: true, pValue: null, roundsNeeded: null })
  expect(codes(tail)).toContain('quantile-not-carried')
})

test('no rounds at all is not an error', () => {
  expect(comparePaired([], [])).toMatchObject({
    difference: null,
    verdict: 'cannot tell',
    n: 0,
    detectable: null,
  })
})

test('what cannot be compared is an error', () => {
  expect(() => comparePaired([1, 2], [1])).toThrow(RangeError)
  expect(() => comparePaired([1, NaN], [1, 2])).toThrow(RangeError)
  expect(() => comparePaired([1], [2], { alpha: 5 })).toThrow(RangeError)
  expect(() => comparePaired([1], [2], { deltaNs: -1 })).toThrow(RangeError)
})

const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 99 })), {
  minLength: 6,
  maxLength: 40,
})
const compare = (of: readonly (readonly [number, number])[], deltaNs: number) =>
  comparePaired(
    of.map(([a]) => a),
    of.map(([, b]) => b),
    { deltaNs },
  )

test('the verdict follows from p, interval and delta and from nothing else', () => {
  fc.assert(
    fc.property(pairs, fc.integer({ min: 0, max: 60 }), (of, deltaNs) => {
      const { low, high, pValue, verdict } = compare(of, deltaNs)
      expect(low! > 0 || high! < 0).toBe(pValue! <= 0.05)
      const isInside = low! > -deltaNs && high! < deltaNs
      const otherwise = low! > 0 ? 'slower' : high! < 0 ? 'faster' : 'cannot tell'
      expect(verdict).toBe(isInside ? 'same' : otherwise)
    }),
  )
})

test('the order of rounds moves the interval only', () => {
  const shuffled = pairs.chain((of) =>
    fc.tuple(fc.constant(of), fc.shuffledSubarray(of, { minLength: of.length })),
  )
  fc.assert(
    fc.property(shuffled, ([of, reordered]) => {
      const exact = oneSampleLocation(
        of.map(([a, b]) => b - a),
        0.05,
      )
      for (const found of [compare(of, 5), compare(reordered, 5)]) {
        expect(found.difference).toBe(exact.estimate)
        expect(found.low!).toBeLessThanOrEqual(exact.low! + 1e-9)
        expect(found.high!).toBeGreaterThanOrEqual(exact.high! - 1e-9)
      }
    }),
  )
})

test('what both paths share does not matter', () => {
  fc.assert(
    fc.property(
      pairs,
      fc.array(fc.integer({ min: 0, max: 9_999 }), { minLength: 40, maxLength: 40 }),
      (of, host) => {
        const busy = of.map(([a, b], round) => [a + host[round]!, b + host[round]!] as const)
        expect(compare(busy, 5)).toEqual(compare(of, 5))
      },
    ),
  )
})

test('swapping the paths mirrors the answer', () => {
  const mirrored = { slower: 'faster', faster: 'slower', same: 'same', 'cannot tell': 'cannot tell' } as const
  fc.assert(
    fc.property(pairs, (of) => {
      const [forth, back] = [
        compare(of, 5),
        compare(
          of.map(([a, b]) => [b, a] as const),
          5,
        ),
      ]
      expect(back.verdict).toBe(mirrored[forth.verdict])
      expect(back.pValue).toBe(forth.pValue)
      expect(back.difference! + forth.difference!).toBeCloseTo(0, 9)
      expect(back.low! + forth.high!).toBeCloseTo(0, 9)
    }),
  )
})

test.each([
  ['shuffled request by request', shuffledRequests, 0.07],
  ['shuffled in blocks', shuffledBlocks, 0.07],
  ['with slow noise of one path only', noiseOfItsOwn, 0.09],
])('of 500 A/A campaigns %s few find a difference, and intervals hold the truth', (_, design, most) => {
  const random = seededRandom(11)
  const found = Array.from({ length: 500 }, () => {
    const { a, b } = design(random, 20, 3_000)
    return comparePaired(
      a.map((value) => value + 3_000),
      b,
    )
  })
  const wrong = found.filter(({ verdict }) => verdict === 'slower' || verdict === 'faster').length
  const covering = found.filter(({ low, high }) => low! <= 0 && high! >= 0).length
  expect(wrong / 500).toBeLessThan(most)
  expect(covering / 500).toBeGreaterThan(1 - most)
})
