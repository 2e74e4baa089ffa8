import { readlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { nowTicks, stillRunning } from './leftovers.ts'

const namespace = readlinkSync('/proc/self/ns/net')
const pidsIn = (endedTicks: number) =>
  stillRunning([], new Map([[namespace, endedTicks]])).map(({ pid }) => pid)

test('a process in a namespace of somebody who has ended is left of them', () => {
  expect(pidsIn(nowTicks() + 1)).toContain(process.pid)
})

test('one that started after they had ended is of somebody else, to whom the number was given anew', () => {
  expect(pidsIn(0)).toEqual([])
})
