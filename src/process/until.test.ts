import { describe, expect, it } from 'vitest'
import { until, type Clock } from './until.ts'

/** Time that passes in sleeps only. */
function fakeClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = []
  return {
    slept,
    nowMs: () => slept.reduce((sum, ms) => sum + ms, 0),
    sleep: (ms, signal) => {
      signal?.throwIfAborted()
      slept.push(ms)
      return Promise.resolve()
    },
  }
}

const nothing = (): undefined => undefined

describe('until', () => {
  it('asks at once, and again until there is an answer', async () => {
    const clock = fakeClock()
    let asked = 0
    const check = () => (++asked === 3 ? 'yes' : undefined)
    expect(await until(check, { everyMs: 50, deadlineMs: 1000, clock })).toBe('yes')
    expect(clock.slept).toEqual([50, 50])
  })

  it('gives nothing when the deadline passes, after one last look at that time', async () => {
    const clock = fakeClock()
    const looks: number[] = []
    const check = () => void looks.push(clock.nowMs())
    expect(await until(check, { everyMs: 400, deadlineMs: 1000, clock })).toBeUndefined()
    expect(looks).toEqual([0, 400, 800, 1000])
  })

  it('may wait longer after every check', async () => {
    const clock = fakeClock()
    await until(nothing, { everyMs: (checks) => 100 * 2 ** checks, deadlineMs: 1000, clock })
    expect(clock.slept).toEqual([200, 400, 400])
  })

  it('lets a check fail it', async () => {
    const check = () => Promise.reject(new Error('broken'))
    await expect(until(check, { everyMs: 1, deadlineMs: 10 })).rejects.toThrow('broken')
  })

  it.each([
    ['before it starts', nothing, 0],
    ['while it sleeps', nothing, 20],
    ['while a check never returns', () => new Promise<undefined>(() => {}), 20],
  ])('ends when it is aborted %s', async (_, check, afterMs) => {
    const abort = new AbortController()
    const stop = () => abort.abort(new Error('enough'))
    if (afterMs === 0) stop()
    else setTimeout(stop, afterMs)
    const waiting = until(check, { everyMs: 1e6, deadlineMs: 1e9, signal: abort.signal })
    await expect(waiting).rejects.toThrow('enough')
  })
})
