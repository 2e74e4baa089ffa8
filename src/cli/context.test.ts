import { expect, test } from 'vitest'
import { z } from 'zod'
import { HopmeterError } from '../errors.ts'
import { describeError } from './context.ts'

test('an error of a schema is said in words, not as the list that zod makes of it', () => {
  const { error } = z.object({ a: z.number(), b: z.string() }).safeParse({ a: 'x' })
  const text = describeError(new HopmeterError('not a result', { cause: error }))
  expect(text).not.toContain('[')
  expect(text.split('\n')).toEqual([
    'Error: not a result',
    expect.stringMatching(/^ {2}because: .*expected number/),
  ])
})
