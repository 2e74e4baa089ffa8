import fc from 'fast-check'
import { expect, test } from 'vitest'
import { settleWindow, unsettledSeries } from './settle.ts'

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
  expect(unsettledSeries(slots({ single: steady, gateway: steady.map((v) => 2 * v) }))).toEqual([])
})

test('one path that still gets faster is named, and only that one', () => {
  const falling = [300, 280, 260, 245, 230, 220].map((us) => us * 1000)
  expect(unsettledSeries(slots({ single: steady, gateway: falling }))).toEqual(['gateway'])
})

test('a path that gets slower has not settled either', () => {
  const rising = [100, 104, 108, 112, 116, 120].map((us) => us * 1000)
  expect(unsettledSeries(slots({ single: rising }))).toEqual(['single'])
})

test('only the last slots count', () => {
  expect(unsettledSeries(slots({ single: [900_000, 500_000, 300_000, ...steady] }))).toEqual([])
})

test('noise that goes up and down is no drift', () => {
  const noisy = [100, 160, 90, 150, 95, 155].map((us) => us * 1000)
  expect(unsettledSeries(slots({ single: noisy }))).toEqual([])
})

test('too few slots say nothing: nothing has settled', () => {
  expect(unsettledSeries(slots({ single: steady.slice(1) }))).toEqual(['single'])
  expect(unsettledSeries([])).toEqual([])
})

test('a path that was silent in a slot has not settled', () => {
  const holed = slots({ single: steady, gateway: steady })
  holed[2]!.delete('gateway')
  expect(unsettledSeries(holed)).toEqual(['gateway'])
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
      expect(unsettledSeries(slots({ path: [...earlier, ...own] }))).toEqual([])
      const found = unsettledSeries(slots({ path: other }))
      expect(unsettledSeries(slots({ path: other.map((value) => 8 * value) }))).toEqual(found)
      expect(unsettledSeries(slots({ path: [...earlier, ...other] }))).toEqual(found)
    }),
  )
})
