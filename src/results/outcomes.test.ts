import fc from 'fast-check'
import { expect, test } from 'vitest'
import { failedOf, outcomesOf, sumOutcomes } from './outcomes.ts'

const count = fc.nat(1000)
const any = fc.record({ sent: count, received: count, bad: count, errors: count, lost: count })

test('whatever a file says, outcomes add up to what was sent, and failures are not counted twice', () => {
  fc.assert(
    fc.property(fc.array(any, { maxLength: 5 }), (all) => {
      const sum = sumOutcomes(all)
      expect(sum.sent).toBe(sum.received + sum.bad + sum.errors + sum.lost)
      expect(failedOf(sum)).toBeLessThanOrEqual(all.reduce((total, o) => total + failedOf(o), 0))
    }),
  )
})

test('a time-out of hopmeter 0.1, which was an error and lost, is one failure', () => {
  const old = { sent: 100, received: 90, bad: 0, errors: 10, lost: 10 }
  expect(failedOf(outcomesOf(old))).toBe(10)
})

test('requests that got no connection in hopmeter 0.1 were sent too', () => {
  expect(outcomesOf({ sent: 0, received: 0, bad: 0, errors: 8, lost: 0 })).toMatchObject({
    sent: 8,
    errors: 8,
  })
})
