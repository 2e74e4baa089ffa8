import { describe, expect, test } from 'vitest'
import { sampleEvents } from '../results/testing/sample-run.ts'
import type { RoundEvent } from '../results/schema.ts'
import { wholeRun } from './resume.ts'
import { Tally } from './tally.ts'

const silent = { step() {}, proven() {}, round() {}, note() {} }
const round = sampleEvents().find((event): event is RoundEvent => event.type === 'round')!

/** A tally whose clock stands still unless it is told to go on. */
function tallyOf({ count, builds = 1, restarts = 1 }: { count: number; builds?: number; restarts?: number }) {
  let nowMs = 1_000_000
  const rounds = { count, builds, restarts, durationMs: 1000, warmupMs: 0 }
  const planned = { rounds, builds: wholeRun(rounds), before: [] }
  const tally = new Tally({ verify: 'strict', reporter: silent, ...planned }, () => nowMs)
  const pass = (ms: number) => void (nowMs += ms)
  const measure = (ms: number, flags: RoundEvent['flags'] = []) => {
    pass(ms)
    tally.add({ ...round, flags })
    return tally.progress()
  }
  return { tally, pass, measure }
}

describe('the time left', () => {
  test('does not take standing the testbed up for a part of the rounds', () => {
    const { tally, pass, measure } = tallyOf({ count: 20 })
    pass(170_000)
    tally.stood()
    tally.beginRounds()
    expect(measure(1500)).toEqual({ done: 1, total: 20, leftMs: 19 * 1500 })
    expect(measure(2500)).toEqual({ done: 2, total: 20, leftMs: 18 * 2000 })
  })

  test('expects of builds to come what it took to stand the others up and to come to their rounds', () => {
    const { tally, pass, measure } = tallyOf({ count: 2, builds: 3 })
    pass(90_000)
    tally.stood()
    pass(10_000)
    tally.beginRounds()
    measure(1000)
    expect(measure(1000).leftMs).toBe(4 * 1000 + 2 * 100_000)
    pass(110_000)
    tally.stood()
    pass(30_000)
    tally.beginRounds()
    expect(measure(1000).leftMs).toBe(3 * 1000 + 100_000 + 20_000)
    measure(1000)
    pass(120_000)
    tally.stood()
    tally.beginRounds()
    measure(1000)
    expect(measure(1000)).toEqual({ done: 6, total: 6, leftMs: 0 })
  })

  test('does not take standing the testbed up, which is slow, for a part of the restarts to come', () => {
    const { tally, pass, measure } = tallyOf({ count: 1, restarts: 3 })
    pass(400_000)
    tally.stood()
    pass(8000)
    tally.beginRounds()
    expect(measure(1000)).toEqual({ done: 1, total: 3, leftMs: 2 * 1000 + 2 * 8000 })
  })

  test('expects the same of restarts to come', () => {
    const { tally, pass, measure } = tallyOf({ count: 1, builds: 2, restarts: 2 })
    pass(8000)
    tally.beginRounds()
    expect(measure(1000)).toEqual({ done: 1, total: 4, leftMs: 3 * 1000 + 3 * 8000 })
    pass(4000)
    tally.beginRounds()
    expect(measure(1000)).toEqual({ done: 2, total: 4, leftMs: 2 * 1000 + 2 * 6000 })
  })
})

test.each([
  [1, '1 of 1 round is flagged; more than 20 % make a run void'],
  [3, '3 of 3 rounds are flagged; more than 20 % make a run void'],
])('a run of %i flagged rounds says why it is void', (count, reason) => {
  const { tally, measure } = tallyOf({ count })
  tally.beginRounds()
  for (let i = 0; i < count; i++) measure(1000, ['lost-requests'])
  expect(tally.outcome()).toEqual({ status: 'void', reason })
})
