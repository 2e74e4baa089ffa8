import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ResultError } from '../errors.ts'
import { isRunId, newRunId, runPath } from './run-id.ts'

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

test('an id tells when and what', () => {
  const id = newRunId('hop-ladder', new Date('2026-11-23T01:02:03.999Z'))
  expect(id).toMatch(/^2026-11-23t01-02-03z-hop-ladder-[0-9a-f]{4}$/)
})

test('whatever the scenario is called, its id is a run id and a DNS label', () => {
  const times = fc.date({ min: new Date('2000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), times, (name, time) => {
      const id = newRunId(name, time)
      expect(isRunId(id)).toBe(true)
      expect(id).toMatch(dnsLabel)
    }),
  )
})

test('ids of the same second differ', () => {
  const now = new Date()
  const ids = new Set(Array.from({ length: 20 }, () => newRunId('a', now)))
  expect(ids.size).toBeGreaterThan(15)
})

describe('as a path', () => {
  test('an id stays under the root', () => {
    expect(runPath('results', '2026-11-23t01-02-03z-a-0f0f')).toBe('results/2026-11-23t01-02-03z-a-0f0f')
  })

  test.each([
    '..',
    '.',
    '',
    '/etc',
    '2026-11-23t01-02-03z-a-0f0f/../../x',
    '2026-11-23t01-02-03z-../../x-0f0f',
    '2026-11-23t01-02-03z-a-0f0f\n',
    '2026-11-23t01-02-03z-A-0f0f',
    '2026-11-23t01-02-03z--a-0f0f',
    '2026-11-23t01-02-03z-a--0f0f',
    `2026-11-23t01-02-03z-${'a'.repeat(38)}-0f0f`,
    '2026-11-23t01-02-03z-a-0f0g',
  ])('%j is refused', (id) => {
    expect(() => runPath('results', id)).toThrow(ResultError)
  })
})
