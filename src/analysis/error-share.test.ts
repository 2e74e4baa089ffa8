import { describe, expect, test } from 'vitest'
import { comparePairs, type Pair } from '../stats/compare-pairs.ts'
import { failedText, judgedWithErrors, percentText } from './error-share.ts'
import { brokenShares, parseRule } from './fail-on.ts'

const base = Array.from({ length: 20 }, (_, i) => 100_000 + (i % 5) * 100)
const faster = comparePairs([[base.map((value): Pair => [value, value - 20_000])]])
const outcomes = (bad: number) => ({ sent: 1000, received: 1000 - bad, bad, errors: 0, lost: 0 })
const sides = (bad: number) => [
  { name: 'a', outcomes: outcomes(0) },
  { name: 'b', outcomes: outcomes(bad) },
]

describe('a verdict on latency beside failed requests', () => {
  test('stands as it is where none failed', () => {
    expect(faster.verdict).toBe('faster')
    expect(judgedWithErrors(faster, sides(0))).toEqual(faster)
  })

  test('stands with a remark where few failed', () => {
    const judged = judgedWithErrors(faster, sides(10))
    expect(judged.verdict).toBe('faster')
    expect(judged.warnings.at(-1)).toMatchObject({
      code: 'failed-requests',
      message: expect.stringContaining('b: 10 of 1000 requests failed (1 %)') as unknown,
    })
  })

  test.each([11, 500, 1000])('is refused where %d of 1000 failed', (bad) => {
    const judged = judgedWithErrors(faster, sides(bad))
    expect(judged).toMatchObject({ verdict: 'cannot tell', refused: true, unitsNeeded: null })
    expect(judged.warnings.at(-1)?.message).toContain(`${bad} of 1000 requests failed`)
  })
})

test('shares are never rounded to nothing', () => {
  expect([0, 1e-6, 0.0123, 0.5, 1].map(percentText)).toEqual(['0 %', '< 0.01 %', '1.2 %', '50 %', '100 %'])
  expect(failedText({ sent: 1, received: 0, bad: 1, errors: 0, lost: 0 })).toBe(
    '1 of 1 request failed (100 %)',
  )
})

describe('rules about failed requests', () => {
  const row = (path: string, bad: number) => ({
    path,
    load: 'closed-c4',
    baseline: outcomes(0),
    contender: outcomes(bad),
  })
  const errors = [row('single', 5), row('gateway', 30)]

  test.each([
    ['errors>1%', ['gateway']],
    ['errors > 0.4 %', ['single', 'gateway']],
    ['single:errors>1%', []],
    ['errors>3%', []],
    ['errors>0%', ['single', 'gateway']],
  ])('%s', (text, broken) => {
    const rule = parseRule(text)
    expect('errorsPercent' in rule && brokenShares(errors, rule).map(({ path }) => path)).toEqual(broken)
  })

  test.each(['errors', 'errors>1', 'errors>1us', 'errors<1%'])('%s is refused', (text) => {
    expect(() => parseRule(text)).toThrow('no regression rule')
  })
})
