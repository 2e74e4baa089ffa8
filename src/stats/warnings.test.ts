import { expect, test } from 'vitest'
import { undecided } from './warnings.ts'

test.each([
  [480, '±0.48 µs'],
  [5_123, '±5.1 µs'],
  [19_900, '±20 µs'],
  [109_000, '±110 µs'],
  [2_340_000, '±2300 µs'],
])('an interval of %d ns to each side is spoken as %s, never with an exponent', (halfWidth, text) => {
  const { message } = undecided(8, 'restart', halfWidth, 20)
  expect(message).toBe(
    `8 restarts cannot tell ${text}; 20 restarts in all should, if the noise stays as it is.`,
  )
})

test('what no practical number of restarts would settle is said to be so', () => {
  for (const needed of [null, 801]) {
    expect(undecided(8, 'restart', 5_000, needed).message).toContain('no practical number would')
  }
  expect(undecided(8, 'restart', 5_000, 800).message).toContain('800 restarts in all should')
  expect(undecided(3, 'round', null, 6).message).toMatch(/^3 rounds cannot tell; 6 rounds/)
})
