import fc from 'fast-check'
import { expect, test } from 'vitest'
import { settleWindow, unsettledSeries, type SlotMedians } from './settle.ts'

/** All that a slot may hold. */
const named = (...names: readonly string[]) => names.map((name) => ({ name }))
const unsettled = (found: readonly SlotMedians[]) =>
  unsettledSeries(found, named(...new Set(found.flatMap((slot) => [...slot.keys()]))))

const slots = (series: Readonly<Record<string, readonly number[]>>) => {
  const length = Math.max(...Object.values(series).map((own) => own.length))
  return Array.from(
    { length },
    (_, i) =>
      new Map(
        Object.entries(series).flatMap(([name, own]) =>
          own[i] === undefined ? [] : [[name, own[i]] as const],
        ),
      ),
  )
}
const steady = Array.from({ length: settleWindow }, (_, i) => 100_000 + 100 * (i % 3))

test('what stays where it is has settled', () => {
  expect(unsettled(slots({ single: steady, gateway: steady.map((v) => 2 * v) }))).toEqual([])
})

test('one path that still gets faster is named, and only that one', () => {
  const falling = [300, 280, 260, 245, 230, 220].map((us) => us * 1000)
  expect(unsettled(slots({ single: steady, gateway: falling }))).toEqual(['gateway'])
})

test('a path that gets slower has not settled either', () => {
  const rising = [100, 104, 108, 112, 116, 120].map((us) => us * 1000)
  expect(unsettled(slots({ single: rising }))).toEqual(['single'])
})

test('only the last slots count', () => {
  expect(unsettled(slots({ single: [900_000, 500_000, 300_000, ...steady] }))).toEqual([])
})

test('noise that goes up and down is no drift', () => {
  const noisy = [100, 160, 90, 150, 95, 155].map((us) => us * 1000)
  expect(unsettled(slots({ single: noisy }))).toEqual([])
})

test('too few slots say nothing: nothing has settled', () => {
  expect(unsettled(slots({ single: steady.slice(1) }))).toEqual(['single'])
  expect(unsettledSeries([], named('single'))).toEqual(['single'])
})

test('a path that was silent in a slot has not settled', () => {
  const holed = slots({ single: steady, gateway: steady })
  holed[2]!.delete('gateway')
  expect(unsettled(holed)).toEqual(['gateway'])
})

test('a path that is silent in every slot has not settled', () => {
  expect(unsettledSeries(slots({ single: steady }), named('single', 'gateway'))).toEqual(['gateway'])
})

test('a path with pauses is judged by its last slots that had a request', () => {
  const paused = slots({ rare: [900_000, ...steady] }).flatMap((slot) => [slot, new Map<string, number>()])
  expect(unsettledSeries(paused, [{ name: 'rare', hasPauses: true }])).toEqual([])
  expect(unsettledSeries(paused, [{ name: 'rare' }])).toEqual(['rare'])
  const falling = slots({ rare: [300, 280, 260, 245, 230, 220] }).flatMap((slot) => [
    slot,
    new Map<string, number>(),
  ])
  expect(unsettledSeries(falling, [{ name: 'rare', hasPauses: true }])).toEqual(['rare'])
})

test('neither the unit nor what came before the window matters, and a scatter within the tolerance is always settled', () => {
  const near = fc.array(fc.integer({ min: 1000, max: 1020 }), {
    minLength: settleWindow,
    maxLength: settleWindow,
  })
  const before = fc.array(fc.integer({ min: 1, max: 9999 }), { maxLength: 10 })
  const any = fc.array(fc.integer({ min: 500, max: 2000 }), {
    minLength: settleWindow,
    maxLength: settleWindow,
  })
  fc.assert(
    fc.property(near, before, any, (own, earlier, other) => {
      expect(unsettled(slots({ path: [...earlier, ...own] }))).toEqual([])
      const found = unsettled(slots({ path: other }))
      expect(unsettled(slots({ path: other.map((value) => 8 * value) }))).toEqual(found)
      expect(unsettled(slots({ path: [...earlier, ...other] }))).toEqual(found)
    }),
  )
})
