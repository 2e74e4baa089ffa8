import fc from 'fast-check'
import { expect, test } from 'vitest'
import { comparePaired } from './compare-paired.ts'
import { decideFamily } from './decide-family.ts'
import { seededRandom } from '../random.ts'
import { gaussian } from './testing/noise.ts'

const compare = (seed: number, shift: number, n = 20) => {
  const random = seededRandom(seed)
  const a = Array.from({ length: n }, () => gaussian(random))
  return comparePaired(
    a,
    a.map((value) => value + shift + gaussian(random)),
    { deltaNs: 0.1 },
  )
}

test('a clear difference stays one among many', () => {
  const table = [compare(1, 20), ...Array.from({ length: 8 }, (_, i) => compare(i + 2, 0))]
  const [clear, ...rest] = decideFamily(table)
  expect(clear).toMatchObject({ verdict: 'slower', adjustedP: table[0]!.pValue! * 9 })
  for (const other of rest) expect(other.verdict).toBe('cannot tell')
})

test('a difference that could be chance among many is withdrawn, with the reason and the rounds it would take', () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed)
  const barely = seeds
    .map((seed) => compare(seed, 0.55))
    .find(({ pValue }) => pValue! > 0.01 && pValue! < 0.05)!
  expect(barely.verdict).toBe('slower')
  const [decided] = decideFamily([barely, ...Array.from({ length: 8 }, (_, i) => compare(i + 300, 0))])
  expect(decided?.verdict).toBe('cannot tell')
  expect(decided?.adjustedP).toBeGreaterThan(0.05)
  expect(decided?.roundsNeeded).toBeGreaterThan(20)
  expect(decided?.warnings.find(({ code }) => code === 'lost-to-holm')?.message).toContain(
    'among 9 comparisons',
  )
  expect(decided?.warnings.map((warning) => warning.code)).toEqual(
    expect.arrayContaining(['lost-to-holm', 'undecided']),
  )
})

test('comparisons without a p-value are not counted and keep their place', () => {
  const none = comparePaired([1, 2, 3], [4, 5, 6])
  const one = compare(1, 3)
  const decided = decideFamily([none, one, none])
  expect(decided.map(({ adjustedP }) => adjustedP)).toEqual([null, one.pValue, null])
  expect(decided.map(({ verdict }) => verdict)).toEqual(['cannot tell', 'slower', 'cannot tell'])
})

test('the fields of a caller travel along', () => {
  const [decided] = decideFamily([{ ...compare(1, 3), path: 'gateway' }])
  expect(decided?.path).toBe('gateway')
})

test('comparisons of different strictness do not share a table', () => {
  const strict = comparePaired([1, 2, 3], [4, 5, 6], { alpha: 0.01 })
  expect(() => decideFamily([strict])).toThrow(RangeError)
  expect(decideFamily([strict], { alpha: 0.01 })).toHaveLength(1)
})

test('judged together, nothing becomes a difference that was none alone, and same stays same', () => {
  const shift = fc.double({ min: -2, max: 2, noNaN: true })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer(), shift), { minLength: 1, maxLength: 8 }), (specs) => {
      const table = specs.map(([seed, by]) => compare(seed, by))
      for (const [i, decided] of decideFamily(table).entries()) {
        const alone = table[i]!
        expect(decided.adjustedP).toBeGreaterThanOrEqual(alone.pValue!)
        expect([alone.verdict, 'cannot tell']).toContain(decided.verdict)
        expect(decided.verdict === 'same').toBe(alone.verdict === 'same')
        expect([decided.low, decided.high]).toEqual([alone.low, alone.high])
      }
      expect(decideFamily(decideFamily(table))).toEqual(decideFamily(table))
    }),
    { numRuns: 40 },
  )
})

test('a table of one is what it was', () => {
  const alone = compare(5, 0.2)
  expect(decideFamily([alone])[0]).toEqual({ ...alone, adjustedP: alone.pValue })
})
