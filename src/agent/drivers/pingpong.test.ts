import { describe, expect, test } from 'vitest'
import { BlackHole } from '../testing/black-hole.ts'
import { closing } from '../testing/closing.ts'
import {
  cyclesOf,
  decode,
  drive,
  echoServer,
  sampleOf,
  sizes,
  target,
  total,
  wallMsOf,
} from '../testing/drive.ts'
import { deadPort, goodResponse, startScriptedServer } from '../testing/scripted-server.ts'

const http1 = { profile: 'pingpong', protocol: 'http1', ...sizes } as const

test('a polling generator measures as a sleeping one does, and rests after its turn', async () => {
  const server = closing(await echoServer('a', { delayUs: 2000 }))
  const outcomes = await drive({ ...http1, busyPoll: true }, [target('p', server.port)], {
    seeds: [1],
    until: (of) => of('p').warm > 0,
  })
  const all = total(outcomes, 'p')
  expect(all).toMatchObject({ cold: 1, bad: 0, errors: 0, lost: 0 })
  expect(all.received).toBe(server.stats.take().served['p'])
  expect(all.busyMs).toBeGreaterThanOrEqual(2 * all.received * 0.99) // HDR buckets are 0.1 % wide
  expect(process.getActiveResourcesInfo()).not.toContain('Immediate')
})

describe.each(['http1', 'http2', 'tcp'] as const)('over %s', (protocol) => {
  const load = { profile: 'pingpong', protocol, ...sizes } as const

  test('every response served is recorded, cold and warm apart', async () => {
    const [a, b] = [closing(await echoServer('a')), closing(await echoServer('b'))]
    const outcomes = await drive(load, [target('pa', a.port), target('pb', b.port)], {
      seeds: [1, 2],
      until: (of) => of('pa').warm > 0 && of('pb').warm > 0,
    })
    for (const [server, path] of [
      [a, 'pa'],
      [b, 'pb'],
    ] as const) {
      for (const outcome of outcomes) {
        const sample = sampleOf(outcome, path)
        expect(sample).toMatchObject({ bad: 0, errors: 0, lost: 0, reconnects: 0, order: 0, extra: {} })
        expect(sample.sent).toBe(sample.received)
        const answered =
          sample.received === 0 ? [] : [{ cluster: 'test', pod: path.slice(1), count: sample.received }]
        expect(sample.answeredBy).toEqual(answered)
        expect(decode(sample.warm).totalCount + decode(sample.cold).totalCount).toBe(sample.received)
        if (sample.received === 0) continue
        expect(sample.bytesSent).toBeGreaterThan(0)
        expect(sample.bytesReceived).toBeGreaterThan(0)
      }
      const all = total(outcomes, path)
      expect(all.received).toBe(server.stats.take().served[path])
      expect(all.cold).toBe(1)
      expect(all.warm).toBeGreaterThan(0)
    }
  })

  test('a server that closes connections costs reconnects, and every latency stays its own', async () => {
    const server = closing(await echoServer('a', { finEvery: 5 }))
    const other = closing(await echoServer('b'))
    const outcomes = await drive(load, [target('pa', server.port), target('pb', other.port)], {
      until: (of) => of('pa').reconnects > 3,
    })
    const all = total(outcomes, 'pa')
    expect(all.reconnects).toBeGreaterThan(3)
    expect(all.received).toBe(server.stats.take().served['pa'])
    expect(all.sent).toBe(all.received + all.lost)
    expect(all.bad).toBe(0)
    // Every connection that answered at all has a first request, and none has more than five.
    expect(all.cold).toBeLessThanOrEqual(all.reconnects + 1)
    expect(all.cold).toBeGreaterThanOrEqual(Math.ceil(all.received / 5))
    // One request at a time: the latencies of both paths together fit into the turns.
    expect(all.busyMs + total(outcomes, 'pb').busyMs).toBeLessThan(wallMsOf(outcomes) * 1.01)
    expect(total(outcomes, 'pb')).toMatchObject({ reconnects: 0, lost: 0, errors: 0 })
  })

  test('the first request of each connection is cold, whatever it costs', async () => {
    const server = closing(await echoServer('a', { firstRequestDelayUs: 30_000, finEvery: 20 }))
    const outcomes = await drive(load, [target('pa', server.port)], { until: (of) => of('pa').cold > 1 })
    expect(total(outcomes, 'pa').cold).toBeGreaterThan(1)
    for (const { cold } of outcomes.map((outcome) => sampleOf(outcome, 'pa'))) {
      expect(decode(cold).minNonZeroValue).toBeGreaterThanOrEqual(29.9e6)
    }
  })

  test('a path on which nobody listens reports errors and leaves the others alone', async () => {
    const server = closing(await echoServer('a'))
    const targets = [target('dead', await deadPort()), target('pa', server.port)]
    const outcomes = await drive(load, targets, { seeds: [1, 2], until: (of) => of('pa').received > 5 })
    for (const outcome of outcomes) {
      const dead = sampleOf(outcome, 'dead')
      expect(dead).toMatchObject({ sent: dead.errors, received: 0, lost: 0 })
      expect(dead.errors).toBeGreaterThan(0)
      expect(dead.errors).toBeLessThan(20)
      expect(dead.firstError).toMatch(/connect/)
    }
    expect(total(outcomes, 'pa').received).toBeGreaterThan(5)
  })
})

test('one request is in flight, and each cycle visits every path once in an order of its own', async () => {
  let outstanding = 0
  let most = 0
  const server = closing(
    await startScriptedServer((socket) => {
      most = Math.max(most, ++outstanding)
      setImmediate(() => {
        outstanding--
        socket.write(goodResponse())
      })
    }),
  )
  const targets = ['a', 'b', 'c', 'd'].map((path) => target(path, server.port))
  const runs: string[][] = []
  for (const seed of [7, 7, 8]) runs.push(await cyclesOf(http1, targets, seed, server.requests, 5))
  expect(most).toBe(1)
  for (const run of runs) {
    expect(run.length).toBeGreaterThanOrEqual(5)
    for (const cycle of run) expect(cycle.split('').toSorted().join('')).toBe('abcd')
    expect(new Set(run).size).toBeGreaterThan(1)
  }
  const [first, again, other] = runs.map((run) => run.slice(0, 5))
  expect(again).toEqual(first)
  expect(other).not.toEqual(first)
})

test('a connection dropped with a request on it is a lost request and one reconnect', async () => {
  const server = closing(
    await startScriptedServer((socket, _, count) => {
      if (count % 10 === 0) socket.destroy()
      else socket.write(goodResponse())
    }),
  )
  const outcomes = await drive(http1, [target('pa', server.port)], { until: (of) => of('pa').lost > 1 })
  const all = total(outcomes, 'pa')
  const dropped = Math.floor(server.requests.length / 10)
  expect(dropped).toBeGreaterThan(1)
  expect(all).toMatchObject({ sent: server.requests.length, lost: dropped, bad: 0 })
  expect(Math.abs(all.reconnects - dropped)).toBeLessThanOrEqual(1)
  expect(all.firstError).toContain('closed the connection before it answered')
})

test.each([
  ['another status', 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n', 'status 503'],
  ['a body of another size', goodResponse(15), 'a body of 15 bytes instead of 16'],
  ['an anonymous server', 'HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n0123456789abcdef', 'does not name'],
  ['another protocol', 'SSH-2.0-x\r\n\r\n', 'malformed'],
])('%s is a bad answer, not a latency', async (_, answer, why) => {
  const server = closing(
    await startScriptedServer((socket, __, count) => socket.write(count <= 3 ? answer : goodResponse())),
  )
  const outcomes = await drive(http1, [target('pa', server.port)], { until: (of) => of('pa').received > 0 })
  const all = total(outcomes, 'pa')
  expect(all).toMatchObject({ bad: 3, lost: 0, sent: server.requests.length })
  expect(all.firstError).toContain(why)
  expect(all.warm + all.cold).toBe(all.received)
})

test('any 2xx is right where the endpoint is not ours', async () => {
  const answers = ['HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n']
  const server = closing(
    await startScriptedServer((socket, request, count) => {
      expect(request.target).toBe('/where?x=1')
      socket.write(answers[count % 2] ?? '')
    }),
  )
  const outcomes = await drive(http1, [{ ...target('pa', server.port), httpPath: '/where?x=1' }], {
    check: 'status',
    until: (of) => of('pa').sent > 1,
  })
  const all = total(outcomes, 'pa')
  expect(all.sent).toBeGreaterThan(1)
  expect(Math.abs(all.received - all.bad)).toBeLessThanOrEqual(1)
  expect(all.firstError).toBe('status 404')
  for (const outcome of outcomes) expect(sampleOf(outcome, 'pa').answeredBy).toEqual([])
})

test('a server that says it will close is not asked again on that connection', async () => {
  const closeAfter = goodResponse().replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')
  const server = closing(await startScriptedServer((socket) => socket.end(closeAfter)))
  const outcomes = await drive(http1, [target('pa', server.port)], { until: (of) => of('pa').received > 1 })
  const all = total(outcomes, 'pa')
  expect(all).toMatchObject({ lost: 0, bad: 0, errors: 0, warm: 0 })
  expect(all.received).toBeGreaterThan(1)
  expect(all.cold).toBe(all.received)
})

test('an answer that never comes is a time-out, and the turn ends', async () => {
  const silent = closing(await startScriptedServer(() => {}))
  const server = closing(await echoServer('a'))
  const targets = [target('silent', silent.port), target('pa', server.port)]
  const outcomes = await drive(http1, targets, {
    timeoutMs: 1000,
    until: (of) => of('silent').sent > 0 && of('pa').received > 0,
  })
  const silence = total(outcomes, 'silent')
  expect(silence.sent).toBeGreaterThan(0)
  expect(silence).toMatchObject({ received: 0, lost: 0, errors: silence.sent })
  expect(silence.firstError).toContain('within 1000 ms')
  expect(total(outcomes, 'pa').received).toBeGreaterThan(0)
})

test('a host that does not answer to connects does not hold the others up', async () => {
  const hole = closing(await BlackHole.open())
  const server = closing(await echoServer('a'))
  const targets = [target('hole', hole.port), target('pa', server.port)]
  const outcomes = await drive(http1, targets, {
    durationMs: 1200,
    timeoutMs: 200,
    until: (of) => of('pa').received > 5,
  })
  const lonely = total(outcomes, 'hole')
  expect(lonely).toMatchObject({ sent: lonely.errors, received: 0 })
  expect(lonely.errors).toBeGreaterThan(0)
  expect(lonely.firstError).toContain('cannot connect')
  expect(total(outcomes, 'pa').received).toBeGreaterThan(5)
})
