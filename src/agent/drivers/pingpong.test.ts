import { afterEach, describe, expect, test } from 'vitest'
import { BlackHole } from '../testing/black-hole.ts'
import { decode, drive, echoServer, sampleOf, sizes, sumNs, target } from '../testing/drive.ts'
import { deadPort, goodResponse, startScriptedServer } from '../testing/scripted-server.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function closing<T extends { close(): unknown }>(server: T): T {
  closers.push(() => server.close())
  return server
}

const http1 = { profile: 'pingpong', protocol: 'http1', ...sizes } as const

describe.each(['http1', 'http2', 'tcp'] as const)('over %s', (protocol) => {
  const load = { profile: 'pingpong', protocol, ...sizes } as const

  test('every response served is recorded, cold and warm apart', async () => {
    const [a, b] = [closing(await echoServer('a')), closing(await echoServer('b'))]
    const outcomes = await drive(load, [target('pa', a.port), target('pb', b.port)], { seeds: [1, 2] })
    for (const [server, path] of [
      [a, 'pa'],
      [b, 'pb'],
    ] as const) {
      const [first, second] = outcomes.map((outcome) => sampleOf(outcome, path))
      const served = server.stats.take().served[path]
      expect((first?.received ?? 0) + (second?.received ?? 0)).toBe(served)
      expect(first?.sent).toBeGreaterThan(0)
      for (const sample of [first, second]) {
        expect(sample).toMatchObject({ bad: 0, errors: 0, lost: 0, reconnects: 0, order: 0, extra: {} })
        expect(sample?.sent).toBe(sample?.received)
        expect(sample?.answeredBy).toEqual([{ cluster: 'test', pod: path.slice(1), count: sample?.received }])
        expect(sample?.bytesSent).toBeGreaterThan(0)
        expect(sample?.bytesReceived).toBeGreaterThan(0)
        const recorded = decode(sample?.warm ?? '').totalCount + decode(sample?.cold ?? '').totalCount
        expect(recorded).toBe(sample?.received)
      }
      expect(decode(first?.cold ?? '').totalCount).toBe(1)
      expect(decode(second?.cold ?? '').totalCount).toBe(0)
    }
  })

  test('a server that closes connections costs reconnects, and every latency stays its own', async () => {
    const server = closing(await echoServer('a', { finEvery: 5 }))
    const other = closing(await echoServer('b'))
    const [outcome] = await drive(load, [target('pa', server.port), target('pb', other.port)], {
      durationMs: 600,
    })
    const sample = sampleOf(outcome, 'pa')
    expect(sample.reconnects).toBeGreaterThan(0)
    expect(sample.received).toBe(server.stats.take().served['pa'])
    expect(sample.sent).toBe(sample.received + sample.lost)
    expect(sample.bad).toBe(0)
    // Every connection that answered at all has a first request, and none has more than five.
    const cold = decode(sample.cold).totalCount
    expect(cold).toBeLessThanOrEqual(sample.reconnects + 1)
    expect(cold).toBeGreaterThanOrEqual(Math.ceil(sample.received / 5))
    // One request at a time: the latencies of both paths together fit into the turn.
    const busyMs = (sumNs(sample.warm) + sumNs(sample.cold) + sumNs(sampleOf(outcome, 'pb').warm)) / 1e6
    expect(busyMs).toBeLessThan((outcome?.wallMs ?? 0) * 1.01)
    expect(sampleOf(outcome, 'pb')).toMatchObject({ reconnects: 0, lost: 0, errors: 0 })
  })

  test('the first request of each connection is cold, whatever it costs', async () => {
    const server = closing(await echoServer('a', { firstRequestDelayUs: 30_000, finEvery: 20 }))
    const [outcome] = await drive(load, [target('pa', server.port)], { durationMs: 800 })
    const { cold, received } = sampleOf(outcome, 'pa')
    expect(received).toBeGreaterThan(1)
    expect(decode(cold).minNonZeroValue).toBeGreaterThanOrEqual(29.9e6)
  })

  test('a path on which nobody listens reports errors and leaves the others alone', async () => {
    const server = closing(await echoServer('a'))
    const targets = [target('dead', await deadPort()), target('pa', server.port)]
    const outcomes = await drive(load, targets, { seeds: [1, 2] })
    for (const outcome of outcomes) {
      expect(sampleOf(outcome, 'dead')).toMatchObject({ sent: 0, received: 0, lost: 0 })
      expect(sampleOf(outcome, 'dead').errors).toBeGreaterThan(0)
      expect(sampleOf(outcome, 'dead').errors).toBeLessThan(20)
      expect(sampleOf(outcome, 'dead').firstError).toMatch(/connect/)
      expect(sampleOf(outcome, 'pa').received).toBeGreaterThan(5)
    }
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
  const paths = ['a', 'b', 'c', 'd']
  const targets = paths.map((path) => target(path, server.port))
  const starts: number[] = []
  for (const seed of [7, 7, 8]) {
    starts.push(server.requests.length)
    await drive(http1, targets, { seeds: [seed] })
  }
  expect(most).toBe(1)
  const runs = starts.map((from, i) => server.requests.slice(from, starts[i + 1]))
  const cycles = runs.map((run) =>
    Array.from({ length: Math.floor(run.length / paths.length) }, (_, i) =>
      run.slice(i * paths.length, (i + 1) * paths.length).join(''),
    ),
  )
  for (const run of cycles) {
    expect(run.length).toBeGreaterThan(4)
    for (const cycle of run) expect(cycle.split('').toSorted().join('')).toBe('abcd')
    expect(new Set(run).size).toBeGreaterThan(1)
  }
  const common = Math.min(...cycles.map((run) => run.length))
  const [first, again, other] = cycles.map((run) => run.slice(0, common))
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
  const [outcome] = await drive(http1, [target('pa', server.port)], { durationMs: 500 })
  const sample = sampleOf(outcome, 'pa')
  const dropped = Math.floor(server.requests.length / 10)
  expect(dropped).toBeGreaterThan(0)
  expect(sample).toMatchObject({ sent: server.requests.length, lost: dropped, bad: 0 })
  expect(Math.abs(sample.reconnects - dropped)).toBeLessThanOrEqual(1)
  expect(sample.firstError).toContain('closed the connection before it answered')
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
  const [outcome] = await drive(http1, [target('pa', server.port)], { durationMs: 600 })
  const sample = sampleOf(outcome, 'pa')
  expect(sample).toMatchObject({ bad: 3, lost: 0, sent: server.requests.length })
  expect(sample.firstError).toContain(why)
  expect(decode(sample.warm).totalCount + decode(sample.cold).totalCount).toBe(sample.received)
})

test('any 2xx is right where the endpoint is not ours', async () => {
  const answers = ['HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n']
  const server = closing(
    await startScriptedServer((socket, request, count) => {
      expect(request.target).toBe('/where?x=1')
      socket.write(answers[count % 2] ?? '')
    }),
  )
  const [outcome] = await drive(http1, [{ ...target('pa', server.port), httpPath: '/where?x=1' }], {
    check: 'status',
  })
  const sample = sampleOf(outcome, 'pa')
  expect(sample.answeredBy).toEqual([])
  expect(Math.abs(sample.received - sample.bad)).toBeLessThanOrEqual(1)
  expect(sample.firstError).toBe('status 404')
})

test('a server that says it will close is not asked again on that connection', async () => {
  const closeAfter = goodResponse().replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')
  const server = closing(await startScriptedServer((socket) => socket.end(closeAfter)))
  const [outcome] = await drive(http1, [target('pa', server.port)])
  const sample = sampleOf(outcome, 'pa')
  expect(sample).toMatchObject({ lost: 0, bad: 0, errors: 0 })
  expect(sample.received).toBeGreaterThan(1)
  expect(decode(sample.cold).totalCount).toBe(sample.received)
})

test('an answer that never comes is a time-out, and the turn ends', async () => {
  const silent = closing(await startScriptedServer(() => {}))
  const server = closing(await echoServer('a'))
  const targets = [target('silent', silent.port), target('pa', server.port)]
  const [outcome] = await drive(http1, targets, { durationMs: 300, timeoutMs: 100 })
  const sample = sampleOf(outcome, 'silent')
  expect(sample.received).toBe(0)
  expect(sample.lost).toBe(sample.sent)
  expect(sample.errors).toBe(sample.sent)
  expect(sample.firstError).toContain('within 100 ms')
  expect(sampleOf(outcome, 'pa').received).toBeGreaterThan(0)
})

test('a host that does not answer to connects does not hold the others up', async () => {
  const hole = await BlackHole.open()
  closers.push(() => hole.close())
  const server = closing(await echoServer('a'))
  const targets = [target('hole', hole.port), target('pa', server.port)]
  const [outcome] = await drive(http1, targets, { durationMs: 1200, timeoutMs: 200 })
  expect(sampleOf(outcome, 'hole')).toMatchObject({ sent: 0 })
  expect(sampleOf(outcome, 'hole').errors).toBeGreaterThan(0)
  expect(sampleOf(outcome, 'hole').firstError).toContain('cannot connect')
  expect(sampleOf(outcome, 'pa').received).toBeGreaterThan(5)
})
