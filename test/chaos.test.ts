import { expect, test } from 'vitest'
import { chaos } from './support/chaos.ts'

/** Few, since each is a run of the lab; `npm run bench chaos` makes hundreds. */
const attempts = 4

test('a run that is killed, stopped or robbed of a process at any moment hangs nowhere, loses nothing and leaves nothing', async () => {
  const wrong = []
  for await (const attempt of chaos(attempts, 11)) {
    const { hung, lost, left } = attempt
    if (hung.length + lost.length + left.length > 0) wrong.push(attempt)
  }
  expect(wrong).toEqual([])
}, 1_200_000)
