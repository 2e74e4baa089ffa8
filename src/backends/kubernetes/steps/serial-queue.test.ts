import { setImmediate as tick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { serialQueue } from './serial-queue.ts'

test('tasks never overlap, keep their order and their own results, also after a failure', async () => {
  const inTurn = serialQueue()
  const seen: string[] = []
  const task = (name: string, fails = false) =>
    inTurn(async () => {
      seen.push(`${name} begins`)
      await tick()
      seen.push(`${name} ends`)
      if (fails) throw new Error(name)
      return name
    })
  const all = await Promise.allSettled([task('a'), task('b', true), task('c')])
  expect(all.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([
    'a',
    'Error: b',
    'c',
  ])
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})
