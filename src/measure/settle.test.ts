import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RoundEvent } from '../results/schema.ts'
import { hasSettled, unsettledPaths } from './settle.ts'

const slot = (single: number, gateway: number) => new Map(Object.entries({ single, gateway }))

test('measuring starts when the last three slots of every path agree', () => {
  expect(hasSettled([slot(100, 200), slot(90, 180)])).toBe(false)
  expect(hasSettled([slot(500, 900), slot(100, 200), slot(101, 201), slot(99, 199)])).toBe(true)
})

test('one path that still gets faster is enough to wait', () => {
  expect(hasSettled([slot(100, 300), slot(100, 250), slot(100, 210)])).toBe(false)
})

test('a path without samples never settles', () => {
  expect(hasSettled([slot(1, 1), new Map([['single', 1]]), slot(1, 1)])).toBe(false)
})

function rounds(medians: readonly number[]): RoundEvent[] {
  return medians.map((p50) => ({ paths: [{ path: 'p', load: 'l', quantilesNs: { p50 } }] }) as RoundEvent)
}

test('rounds that were still getting faster are named', () => {
  const medians = [200, 170, 140, ...Array.from({ length: 17 }, (_, i) => 100 + (i % 3))]
  expect(unsettledPaths(rounds(medians))).toEqual([{ path: 'p', load: 'l', rounds: 3 }])
})

test('rounds that only scatter within the tolerance are never named', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1000, max: 1040 }), { minLength: 10, maxLength: 80 }),
      (medians) => {
        expect(unsettledPaths(rounds(medians))).toEqual([])
      },
    ),
  )
})
