import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { levelOf, mapNested, unitsOf } from './nested.ts'

const fewest = 6
const start = (...rounds: number[]) => rounds
const many = (n: number, from = 0) => Array.from({ length: n }, (_, i) => start(from + i))

describe('what is an observation', () => {
  test.each([
    ['six builds', Array.from({ length: 6 }, (_, i) => many(2, i)), 'build', 6, 0],
    ['six restarts of one build', [many(6)], 'restart', 6, 1],
    ['six restarts of five builds', [many(2), many(1), many(1), many(1), many(1)], 'restart', 6, 5],
    ['five restarts', [[[1, 2], [3, 4], [5], [6], [7]]], 'round', 7, 5],
    ['one start', [[[1, 2, 3, 4, 5, 6, 7, 8]]], 'round', 8, 1],
    ['nothing', [], 'round', 0, 0],
    ['builds without rounds', [[[], []], [[]]], 'round', 0, 0],
  ] as const)('%s', (_, nested, unit, n, above) => {
    const units = unitsOf(nested, fewest)
    expect(units).toMatchObject({ unit })
    expect(units.values).toHaveLength(n)
    expect(units.above).toHaveLength(above)
  })

  test('starts without rounds do not count towards the fewest', () => {
    const nested = [[...many(5), [], []]]
    expect(unitsOf(nested, fewest).unit).toBe('round')
    expect(unitsOf([[...many(6), [], []]], fewest)).toMatchObject({ unit: 'restart' })
  })
})

test('a restart is the median of its rounds and a build that of its restarts: neither a round nor a start speaks alone', () => {
  const build = [start(1, 2, 900), start(2, 2, 2), start(900, 901, 902)]
  const units = unitsOf([build, ...Array.from({ length: 5 }, () => many(3))], fewest)
  expect(units.values[0]).toEqual({ id: 'build 1', value: 2 })
  expect(unitsOf([[...build, ...many(3)]], fewest).values.map(({ value }) => value)).toEqual([
    2, 2, 901, 0, 1, 2,
  ])
})

test('an observation keeps its name when another start lacks its value', () => {
  const whole = unitsOf([[...many(7)], [...many(7)]], fewest)
  const holed = unitsOf([many(7).map((own, i) => (i === 2 ? [] : own)), many(7)], fewest)
  expect(holed.values).toEqual(whole.values.filter(({ id }) => id !== 'build 1, restart 3'))
  expect(holed.values[2]).toMatchObject({ id: 'build 1, restart 4' })
})

const nestedValues = fc.array(
  fc.array(fc.array(fc.integer({ min: -99, max: 99 }), { maxLength: 4 }), { maxLength: 8 }),
  { maxLength: 8 },
)

test('names are never given twice, and observations lie within the values', () => {
  fc.assert(
    fc.property(nestedValues, (nested) => {
      const { values, above } = unitsOf(nested, fewest)
      expect(new Set(values.map(({ id }) => id)).size).toBe(values.length)
      const all = nested.flat(2)
      for (const value of [...values.map((own) => own.value), ...above]) {
        expect(value).toBeGreaterThanOrEqual(Math.min(...all))
        expect(value).toBeLessThanOrEqual(Math.max(...all))
      }
    }),
  )
})

test('the level is the median over starts of their medians; NaN without any', () => {
  expect(levelOf([[start(1, 2, 99), start(4), []], [start(5, 7)]])).toBe(4)
  expect(levelOf([[[]]])).toBeNaN()
})

test('mapping keeps the nesting', () => {
  fc.assert(
    fc.property(nestedValues, (nested) => {
      expect(mapNested(nested, (value) => value)).toEqual(nested)
      expect(mapNested(nested, (value) => 2 * value).flat(2)).toEqual(
        nested.flat(2).map((value) => 2 * value),
      )
    }),
  )
})
