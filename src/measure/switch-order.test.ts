import fc from 'fast-check'
import { expect, test } from 'vitest'
import { switchOrder } from './switch-order.ts'

const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 2 })

test('of every two restarts one has the order of the other, backwards, and each variant once', () => {
  fc.assert(
    fc.property(names, fc.nat(0xffff_ffff), fc.nat(20), (variants, seed, pair) => {
      const [first, second] = [1, 2].map((place) => switchOrder(variants, 2 * pair + place, seed))
      expect(second).toEqual(first!.toReversed())
      expect(first!.toSorted()).toEqual(variants.toSorted())
    }),
  )
})

test('which comes first is a matter of the seed, and the same again from it', () => {
  const firsts = (seed: number) =>
    Array.from({ length: 40 }, (_, i) => switchOrder(['a', 'b'], 2 * i + 1, seed)[0])
  expect(firsts(7)).toEqual(firsts(7))
  expect(firsts(7)).not.toEqual(firsts(8))
  const share = firsts(7).filter((name) => name === 'a').length / 40
  expect(share).toBeGreaterThan(0.2)
  expect(share).toBeLessThan(0.8)
})
