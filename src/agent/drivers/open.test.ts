import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../../random.ts'
import { closing } from '../testing/closing.ts'
import { decode, drive, echoServer, sampleOf, sizes, target, total } from '../testing/drive.ts'
import { deadPort, startScriptedServer } from '../testing/scripted-server.ts'
import { dueTimes } from './open-slot.ts'

const load = { profile: 'open', ratePerSecond: 200, connections: 64, ...sizes } as const

test('due times rise, stay in the slot, and come from the seed alone', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 2000 }),
      (seed, rate, durationMs) => {
        const times = [...dueTimes(seededRandom(seed), rate, durationMs)]
        expect(times).toEqual([...dueTimes(seededRandom(seed), rate, durationMs)])
        expect(times).toEqual(times.toSorted((a, b) => a - b))
        for (const time of times) expect(time >= 0 && time < durationMs * 1e6).toBe(true)
      },
    ),
    { numRuns: 30 },
  )
})

test('due times have the mean rate, and gaps that vary as those of a Poisson process', () => {
  const times = [...dueTimes(seededRandom(5), 1000, 20_000)]
  expect(times.length).toBeGreaterThan(19_400)
  expect(times.length).toBeLessThan(20_600)
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0))
  const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
  expect(deviation / mean).toBeGreaterThan(0.95)
  expect(deviation / mean).toBeLessThan(1.05)
})

test('everything that fell due is sent, served and recorded once in each histogram', async () => {
  const [a, b] = [closing(await echoServer('a')), closing(await echoServer('b'))]
  const outcomes = await drive(load, [target('pa', a.port), target('pb', b.port)], {
    seeds: [1, 2],
    durationMs: 1000,
  })
  for (const [server, path] of [
    [a, 'pa'],
    [b, 'pb'],
  ] as const) {
    const samples = outcomes.map((outcome) => sampleOf(outcome, path))
    expect(samples.reduce((sum, { received }) => sum + received, 0)).toBe(server.stats.take().served[path])
    for (const sample of samples) {
      expect(sample).toMatchObject({ bad: 0, errors: 0, lost: 0, reconnects: 0 })
      expect(sample.received).toBe(sample.sent)
      expect((sample.counters?.['intended'] ?? 0) - (sample.counters?.['unsent'] ?? 0)).toBe(sample.sent)
      expect(decode(sample.extra['lag']).totalCount).toBe(sample.sent)
      expect(decode(sample.extra['response']).totalCount).toBe(sample.received)
      expect(decode(sample.warm).totalCount + decode(sample.cold).totalCount).toBe(sample.received)
    }
    expect(decode(samples[0]?.cold ?? '').totalCount).toBeLessThanOrEqual(64)
  }
})

test('what is due does not depend on the server, and a stall shows in the response times', async () => {
  const [even, stalling] = [
    closing(await echoServer('a')),
    closing(await echoServer('b', { stall: { everyMs: 1000, forMs: 50 } })),
  ]
  const options = { seeds: [11], durationMs: 2000 }
  const [quick] = await drive(load, [target('p', even.port)], options)
  const [slow] = await drive(load, [target('p', stalling.port)], options)
  const [first, second] = [sampleOf(quick, 'p'), sampleOf(slow, 'p')]
  expect(second.counters?.['intended']).toBe(first.counters?.['intended'])
  expect(second.received).toBe(second.sent)
  // Two stalls of 50 ms in 2 s hold back 5 % of the requests by 25 ms in the mean.
  expect(decode(second.extra['response']).getValueAtPercentile(99)).toBeGreaterThan(30e6)
})

test('a rate that the path cannot carry is a backlog, and what was not sent is not lost', async () => {
  const server = closing(await echoServer('a', { delayUs: 50_000 }))
  const fast = { ...load, ratePerSecond: 500, connections: 2 }
  const [outcome] = await drive(fast, [target('pa', server.port)], { durationMs: 500 })
  const sample = sampleOf(outcome, 'pa')
  const { intended = 0, backlog = 0, unsent = 0 } = sample.counters ?? {}
  expect(backlog).toBeGreaterThan(0)
  expect(unsent).toBeGreaterThan(0)
  expect(sample).toMatchObject({ sent: intended - unsent, received: intended - unsent, lost: 0, errors: 0 })
})

test('paths have one slot each in an order that the seed decides', async () => {
  const server = closing(await echoServer('a'))
  const targets = ['p1', 'p2', 'p3'].map((path) => target(path, server.port))
  const outcomes = await drive({ ...load, connections: 2 }, targets, {
    seeds: [1, 2, 3, 4, 1],
    durationMs: 90,
  })
  const orders = outcomes.map(({ samples }) => samples.map(({ order }) => order).join(''))
  for (const order of orders) expect(order.split('').toSorted().join('')).toBe('012')
  expect(orders[4]).toBe(orders[0])
  expect(new Set(orders).size).toBeGreaterThan(1)
})

test('connections that the server closes are opened again and their first requests are cold', async () => {
  const server = closing(await echoServer('a', { finEvery: 3 }))
  const outcomes = await drive({ ...load, connections: 4 }, [target('pa', server.port)], {
    durationMs: 800,
    until: (of) => of('pa').reconnects > 0,
  })
  const all = total(outcomes, 'pa')
  expect(all.reconnects).toBeGreaterThan(0)
  expect(all.received).toBe(server.stats.take().served['pa'])
  expect(all.sent).toBe(all.received + all.lost)
  expect(all.cold).toBeGreaterThanOrEqual(all.received / 3)
  expect(all.cold).toBeLessThanOrEqual(all.reconnects + 4)
})

test('a dead path and a silent one are errors within bounded time', async () => {
  const silent = closing(await startScriptedServer(() => {}))
  const server = closing(await echoServer('a'))
  const targets = [target('dead', await deadPort()), target('silent', silent.port), target('pa', server.port)]
  const outcomes = await drive({ ...load, connections: 2 }, targets, {
    durationMs: 600,
    timeoutMs: 1000,
    until: (of) => of('silent').sent > 0 && of('pa').received > 0,
  })
  const dead = total(outcomes, 'dead')
  expect(dead).toMatchObject({ sent: dead.errors, received: 0 })
  expect(dead.errors).toBeGreaterThan(0)
  const silence = total(outcomes, 'silent')
  expect(silence.sent).toBeGreaterThan(0)
  expect(silence).toMatchObject({ received: 0, lost: 0, errors: silence.sent })
  expect(total(outcomes, 'pa').received).toBeGreaterThan(0)
})
