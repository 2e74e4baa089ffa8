import { expect, test } from 'vitest'
import { plural } from './plural.ts'

test.each([
  [0, '0 rounds'],
  [1, '1 round'],
  [2, '2 rounds'],
  [2400, '2,400 rounds'],
])('%i is counted as %s', (count, text) => {
  expect(plural(count, 'round')).toBe(text)
})
