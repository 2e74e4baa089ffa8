import fc from 'fast-check'
import { expect, test } from 'vitest'
import { comparePairs, type Pair } from './compare-pairs.ts'
import type { Comparison } from './comparison.ts'
import { decideFamily } from './decide-family.ts'
import { mapNested } from './nested.ts'
import { seededRandom } from '../random.ts'
import { holmAdjust } from './holm.ts'
import { ladderRun } from './testing/campaigns.ts'
import { gaussian } from './testing/noise.ts'

/** Restarts of one round each, whose difference is `shift` in units of its noise. */
const compare = (seed: number, shift: number, n = 20, from = 0): Comparison => {
  const random = seededRandom(seed)
  const pairs = Array.from({ length: n }, (): Pair => {
    const a = 1000 + gaussian(random)
    return [a, a + shift + gaussian(random)]
  })
  // Empty starts move the places, and so the identities, of those that follow.
  const starts = [...Array.from({ length: from }, () => []), ...pairs.map((pair) => [pair])]
  return comparePairs([starts], { deltaNs: 0.1, scale: 'difference' })
}

test('a clear difference stays one among many', () => {
  const table = [compare(1, 20), ...Array.from({ length: 8 }, (_, i) => compare(i + 2, 0))]
  const [clear, ...rest] = decideFamily(table)
  expect(clear).toMatchObject({ verdict: 'slower' })
  for (const other of rest) expect(other.verdict).toBe('cannot tell')
})

test('six restarts decide every true step of a ladder whose one null step stays open, and Holm none', () => {
  const levels = ladderRun(seededRandom(4), [1.5, 1, 1.3, 1.2], 6, 4)
  const steps = levels.slice(1).map((to, i) => {
    const pairs = mapNested(levels[i]!, (a): Pair => [a, a]).map((build, b) =>
      build.map((restart, r) => restart.map(([a], k): Pair => [a, to[b]![r]![k]!])),
    )
    return comparePairs(pairs)
  })
  const verdicts = decideFamily(steps).map(({ verdict }) => verdict)
  expect(verdicts).toEqual(['slower', 'cannot tell', 'slower', 'slower'])
  expect(Math.min(...holmAdjust(steps.map(({ pValue }) => pValue!)))).toBeGreaterThan(0.05)
})

test('comparisons of other starts are judged by Holm', () => {
  const table = [compare(1, 20), compare(2, 0.5, 20, 3), compare(3, 0.5)]
  expect(decideFamily(table).map(({ adjustedP }) => adjustedP)).toEqual(
    holmAdjust(table.map(({ pValue }) => pValue!)),
  )
})

test('comparisons of rounds are judged by Holm: neighbours are not exchangeable', () => {
  const ofRounds = (seed: number) => {
    const random = seededRandom(seed)
    const pairs = Array.from({ length: 20 }, (): Pair => [1000, 1000 + gaussian(random)])
    return comparePairs([[pairs]], { scale: 'difference' })
  }
  const table = [ofRounds(1), ofRounds(2), ofRounds(3)]
  expect(decideFamily(table).map(({ adjustedP }) => adjustedP)).toEqual(
    holmAdjust(table.map(({ pValue }) => pValue!)),
  )
})

test('a difference that could be chance among many is withdrawn, with the reason and what it would take', () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed)
  const barely = seeds
    .map((seed) => compare(seed, 0.55))
    .find(({ pValue }) => pValue! > 0.02 && pValue! < 0.05)!
  expect(barely.verdict).toBe('slower')
  const [decided] = decideFamily([barely, ...Array.from({ length: 8 }, (_, i) => compare(i + 300, 0))])
  expect(decided?.verdict).toBe('cannot tell')
  expect(decided?.adjustedP).toBeGreaterThan(0.05)
  expect(decided?.unitsNeeded).toBeGreaterThan(20)
  const lost = decided?.warnings.find(({ code }) => code === 'lost-to-family')
  expect(lost?.message).toContain('among 9 comparisons')
  expect(decided?.warnings.map((warning) => warning.code)).toContain('undecided')
})

test('comparisons without a p-value are not counted and keep their place', () => {
  const none = compare(9, 3, 3)
  const one = compare(1, 3)
  const decided = decideFamily([none, one, none])
  expect(decided.map(({ adjustedP }) => adjustedP)).toEqual([null, decideFamily([one])[0]!.adjustedP, null])
  expect(decided.map(({ verdict }) => verdict)).toEqual(['cannot tell', 'slower', 'cannot tell'])
})

test('comparisons of different strictness do not share a table', () => {
  const strict = comparePairs([[[[1, 4]], [[2, 5]]]], { alpha: 0.01 })
  expect(() => decideFamily([strict])).toThrow(RangeError)
  expect(decideFamily([strict], { alpha: 0.01 })).toHaveLength(1)
})

test('judged together, nothing becomes a difference that was none alone, and same stays same', () => {
  const shift = fc.double({ min: -2, max: 2, noNaN: true })
  const specs = fc.array(fc.tuple(fc.integer(), shift), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(specs, fc.integer({ min: 6, max: 12 }), (of, n) => {
      const table = of.map(([seed, by]) => compare(seed, by, n))
      const judged = decideFamily(table)
      for (const [i, decided] of judged.entries()) {
        const alone = table[i]!
        expect([alone.verdict, 'cannot tell']).toContain(decided.verdict)
        expect(decided.verdict === 'same').toBe(alone.verdict === 'same')
        expect([decided.low, decided.high]).toEqual([alone.low, alone.high])
      }
      expect(decideFamily(judged)).toEqual(judged)
    }),
    { numRuns: 40 },
  )
})

test('a table of one is what it was', () => {
  fc.assert(
    fc.property(fc.integer(), fc.double({ min: 0, max: 2, noNaN: true }), (seed, shift) => {
      const alone = compare(seed, shift, 8)
      expect(decideFamily([alone])[0]).toEqual({ ...alone, adjustedP: alone.pValue })
    }),
  )
})
