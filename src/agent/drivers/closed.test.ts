import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { closing } from '../testing/closing.ts'
import { decode, drive, echoServer, sampleOf, sizes, target, total, wallMsOf } from '../testing/drive.ts'
import { deadPort, goodResponse, resetNow, startScriptedServer } from '../testing/scripted-server.ts'

function load(connections: number) {
  return { profile: 'closed', connections, ...sizes } as const
}

test.each([1, 4, 16])(
  'with %d connections every response served is recorded, cold and warm apart',
  async (connections) => {
    const [a, b] = [closing(await echoServer('a')), closing(await echoServer('b'))]
    const outcomes = await drive(load(connections), [target('pa', a.port), target('pb', b.port)], {
      seeds: [1, 2],
      durationMs: 400,
    })
    for (const [server, path] of [
      [a, 'pa'],
      [b, 'pb'],
    ] as const) {
      const samples = outcomes.map((outcome) => sampleOf(outcome, path))
      expect(samples.reduce((sum, { received }) => sum + received, 0)).toBe(server.stats.take().served[path])
      for (const sample of samples) {
        expect(sample).toMatchObject({ bad: 0, errors: 0, lost: 0, reconnects: 0, extra: {} })
        expect(sample.sent).toBe(sample.received)
        expect(sample.answeredBy).toEqual([{ cluster: 'test', pod: path.slice(1), count: sample.received }])
        expect(decode(sample.cold).totalCount).toBe(connections)
        expect(decode(sample.warm).totalCount).toBe(sample.received - connections)
        expect(sample.bytesSent).toBeGreaterThan(sample.sent * 16)
        expect(sample.bytesReceived).toBeGreaterThan(sample.received * 16)
      }
      // No connection outlives its slot; the server may hear of the last ones a little later.
      while (server.stats.take().connections > 0) await sleep(5)
    }
  },
)

test('paths have one slot each in an order that the seed decides', async () => {
  const server = closing(await echoServer('a'))
  const targets = ['p1', 'p2', 'p3', 'p4'].map((path) => target(path, server.port))
  const seeds = [1, 2, 3, 4, 1]
  const outcomes = await drive(load(1), targets, { seeds, durationMs: 160 })
  const orders = outcomes.map(({ samples }) => samples.map(({ order }) => order).join(''))
  for (const order of orders) expect(order.split('').toSorted().join('')).toBe('0123')
  expect(orders[4]).toBe(orders[0])
  expect(new Set(orders).size).toBeGreaterThan(1)
})

test('only one path has requests at a time', async () => {
  const seen: string[] = []
  const server = closing(
    await startScriptedServer((socket, { path }) => {
      if (seen.at(-1) !== path) seen.push(path)
      socket.write(goodResponse())
    }),
  )
  await drive(
    load(8),
    ['p1', 'p2', 'p3'].map((path) => target(path, server.port)),
  )
  expect(seen).toHaveLength(3)
})

test('after connections that the server closes every latency is still its own', async () => {
  const server = closing(await echoServer('a', { finEvery: 10, delayUs: 1000 }))
  const outcomes = await drive(load(1), [target('pa', server.port)], {
    durationMs: 600,
    until: (of) => of('pa').reconnects > 2,
  })
  const all = total(outcomes, 'pa')
  expect(all.reconnects).toBeGreaterThan(2)
  expect(all.received).toBe(server.stats.take().served['pa'])
  expect(all.sent).toBe(all.received + all.lost)
  expect(all).toMatchObject({ bad: 0, errors: 0 })
  // The last connection of a turn may be closed when no other follows.
  expect(all.lost).toBeLessThanOrEqual(all.reconnects + outcomes.length)
  expect(all.cold).toBe(all.reconnects + outcomes.length)
  // With one connection requests do not overlap; a response taken for its predecessor's would count time twice.
  expect(all.busyMs).toBeLessThan(wallMsOf(outcomes) * 1.01)
})

test('with a FIN every 200 responses what is recorded is what was served', async () => {
  const server = closing(await echoServer('a', { finEvery: 200 }))
  const outcomes = await drive(load(4), [target('pa', server.port)], {
    durationMs: 1500,
    until: (of) => of('pa').reconnects > 0,
  })
  const all = total(outcomes, 'pa')
  expect(all.received).toBe(server.stats.take().served['pa'])
  expect(all.reconnects).toBeGreaterThan(0)
  expect(all.errors).toBe(0)
  expect(all.warm + all.cold).toBe(all.received)
})

test('a connection dropped with a request on it is a lost request', async () => {
  const server = closing(
    await startScriptedServer((socket, _, count) => {
      if (count % 20 === 0) resetNow(socket)
      else socket.write(goodResponse())
    }),
  )
  const outcomes = await drive(load(2), [target('pa', server.port)], { until: (of) => of('pa').lost > 1 })
  const dropped = Math.floor(server.requests.length / 20)
  expect(dropped).toBeGreaterThan(1)
  const received = server.requests.length - dropped
  expect(total(outcomes, 'pa')).toMatchObject({
    sent: server.requests.length,
    errors: 0,
    lost: dropped,
    bad: 0,
    received,
  })
})

test('a half response before a reset does not spoil the next connection', async () => {
  const server = closing(
    await startScriptedServer((socket, _, count) => {
      if (count % 5 !== 0) socket.write(goodResponse())
      else socket.write(goodResponse().slice(0, -8), () => socket.end())
    }),
  )
  const outcomes = await drive(load(1), [target('pa', server.port)], { until: (of) => of('pa').lost > 1 })
  const lost = Math.floor(server.requests.length / 5)
  expect(lost).toBeGreaterThan(1)
  const received = server.requests.length - lost
  expect(total(outcomes, 'pa')).toMatchObject({ lost, received, bad: 0, errors: 0 })
})

test('wrong answers are bad, not latencies', async () => {
  const answers = [goodResponse(), goodResponse(3), 'HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n']
  const server = closing(
    await startScriptedServer((socket, _, count) => socket.write(answers[count % 3] ?? '')),
  )
  const outcomes = await drive(load(1), [target('pa', server.port)], { until: (of) => of('pa').received > 0 })
  const good = Math.floor(server.requests.length / 3)
  const all = total(outcomes, 'pa')
  expect(all).toMatchObject({ received: good, bad: server.requests.length - good, lost: 0 })
  expect(all.warm + all.cold).toBe(good)
})

test('a path on which nobody listens ends its slot early, with errors', async () => {
  const server = closing(await echoServer('a'))
  const targets = [target('dead', await deadPort()), target('pa', server.port)]
  const [outcome] = await drive(load(4), targets, { durationMs: 1000 })
  const dead = sampleOf(outcome, 'dead')
  const { errors } = dead
  expect(dead).toMatchObject({ sent: errors, received: 0, lost: 0, reconnects: 0, counters: { gaveUp: 4 } })
  expect(dead.errors).toBeGreaterThan(0)
  expect(dead.errors).toBeLessThanOrEqual(4 * 6)
  expect(dead.firstError).toContain('ECONNREFUSED')
  expect(sampleOf(outcome, 'pa').received).toBeGreaterThan(0)
  expect(sampleOf(outcome, 'pa').errors).toBe(0)
})

test('a server that falls silent costs one error per connection, and the turn ends', async () => {
  const server = closing(
    await startScriptedServer((socket, _, count) => {
      if (count <= 50) socket.write(goodResponse())
    }),
  )
  const outcomes = await drive(load(3), [target('pa', server.port)], {
    timeoutMs: 600,
    until: (of) => of('pa').errors > 0,
  })
  const all = total(outcomes, 'pa')
  expect(all).toMatchObject({ received: 50, sent: server.requests.length, bad: 0, lost: 0 })
  expect(all.errors).toBeGreaterThanOrEqual(3)
  expect(all.errors).toBeLessThanOrEqual(3 * 2)
  expect(all.firstError).toContain('no response')
})
