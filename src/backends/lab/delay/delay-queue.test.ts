import { describe, expect, it } from 'vitest'
import { nowMs } from './alarm.ts'
import { DelayQueue, type Held } from './delay-queue.ts'

/** A timer that rings when the test says so. */
function handTimer() {
  const due: number[] = []
  let ring = () => {}
  const make = (callback: () => void) => {
    ring = callback
    return { set: (dueMs: number) => void due.push(dueMs) }
  }
  return { due, make, ring: () => ring() }
}

function held(name: string, dueMs: number): Held {
  return { packet: Buffer.from(name), to: '198.18.1.1', dueMs }
}

describe('DelayQueue', () => {
  it('sends what is due, in order, and waits for the rest', () => {
    const timer = handTimer()
    const sent: string[] = []
    const queue = new DelayQueue(timer.make, ({ packet }) => void sent.push(packet.toString()))
    const past = nowMs() - 10
    const future = nowMs() + 60_000
    queue.push(held('a', past))
    queue.push(held('b', past + 1))
    queue.push(held('c', future))
    expect(timer.due).toEqual([past])
    timer.ring()
    expect(sent).toEqual(['a', 'b'])
    expect(timer.due).toEqual([past, future])
  })

  it('sets the timer again for the first packet after a pause', () => {
    const timer = handTimer()
    const sent: string[] = []
    const queue = new DelayQueue(timer.make, ({ packet }) => void sent.push(packet.toString()))
    for (const name of ['a', 'b', 'c']) {
      queue.push(held(name, nowMs() - 1))
      timer.ring()
    }
    expect(sent).toEqual(['a', 'b', 'c'])
    expect(timer.due).toHaveLength(3)
  })

  it('loses and repeats nothing over many packets', () => {
    const timer = handTimer()
    let sent = 0
    const queue = new DelayQueue(timer.make, () => (sent += 1))
    for (let i = 0; i < 20_000; i += 1) {
      queue.push(held('x', nowMs() - 1))
      if (i % 7 === 0) timer.ring()
    }
    timer.ring()
    expect(sent).toBe(20_000)
  })
})
