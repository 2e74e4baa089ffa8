import { expect, test } from 'vitest'
import { attackNames, chaos } from './support/chaos.ts'

test('a run that is killed, stopped or robbed of a process at any moment hangs nowhere, loses nothing and leaves nothing', async () => {
  const wrong = []
  for await (const attempt of chaos(attackNames.length, 11)) {
    const { hung, lost, left } = attempt
    if (hung.length + lost.length + left.length > 0) wrong.push(attempt)
  }
  expect(wrong).toEqual([])
}, 1_200_000)
