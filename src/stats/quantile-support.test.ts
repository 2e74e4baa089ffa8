import { expect, test } from 'vitest'
import { carriedQuantiles, isQuantileCarried, requestsToCarry } from './quantile-support.ts'

test.each([
  [0.5, 20],
  [0.9, 100],
  [0.99, 1_000],
  [0.999, 10_000],
])('quantile %d takes %d requests per round', (q, requests) => {
  expect(requestsToCarry(q)).toBe(requests)
  expect(isQuantileCarried(q, [requests])).toBe(true)
  expect(isQuantileCarried(q, [requests - 1])).toBe(false)
})

test('one stalled round takes nothing away, half of them do', () => {
  expect(carriedQuantiles([0.5, 0.9, 0.99], [1_500, 1_400, 12, 1_600])).toEqual([0.5, 0.9, 0.99])
  expect(carriedQuantiles([0.5, 0.9, 0.99], [1_500, 150, 160, 170])).toEqual([0.5, 0.9])
  expect(carriedQuantiles([0.5], [])).toEqual([])
})
