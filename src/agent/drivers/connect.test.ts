import { afterEach, expect, test } from 'vitest'
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

const load = { profile: 'connect', ...sizes } as const

test('every request has a connection of its own, and its parts are recorded', async () => {
  const [a, b] = [closing(await echoServer('a')), closing(await echoServer('b'))]
  const outcomes = await drive(load, [target('pa', a.port), target('pb', b.port)], {
    seeds: [1, 2],
    durationMs: 500,
  })
  for (const [server, path] of [
    [a, 'pa'],
    [b, 'pb'],
  ] as const) {
    const samples = outcomes.map((outcome) => sampleOf(outcome, path))
    expect(samples.reduce((sum, { received }) => sum + received, 0)).toBe(server.stats.take().served[path])
    for (const sample of samples) {
      expect(sample).toMatchObject({ bad: 0, errors: 0, lost: 0, reconnects: 0, order: 0 })
      expect(sample.sent).toBe(sample.received)
      const warm = decode(sample.warm).totalCount
      for (const name of ['connect', 'firstByte', 'wait']) {
        expect(decode(sample.extra[name] ?? '').totalCount).toBe(warm)
      }
      const [connect, wait, firstByte] = ['connect', 'wait', 'firstByte'].map((name) =>
        sumNs(sample.extra[name] ?? ''),
      )
      expect((connect ?? 0) + (wait ?? 0)).toBeGreaterThan((firstByte ?? 0) * 0.99)
      expect(firstByte).toBeLessThanOrEqual(sumNs(sample.warm) * 1.01)
    }
    // The first connection ever of a path is the cold one.
    expect(samples.map(({ cold }) => decode(cold).totalCount)).toEqual([1, 0])
  }
})

test('connections do not overlap, the client closes them, and each cycle visits every path once', async () => {
  let most = 0
  const server = closing(
    await startScriptedServer((socket) => {
      most = Math.max(most, server.connections())
      socket.write(goodResponse())
    }),
  )
  const targets = ['a', 'b', 'c'].map((path) => target(path, server.port))
  const starts: number[] = []
  for (const seed of [3, 3]) {
    starts.push(server.requests.length)
    await drive(load, targets, { seeds: [seed], durationMs: 400 })
  }
  expect(most).toBe(1)
  const [first, again] = starts.map((from, i) => server.requests.slice(from, starts[i + 1]).join(''))
  const cycles = first?.match(/.{3}/g) ?? []
  expect(cycles.length).toBeGreaterThan(3)
  for (const cycle of cycles) expect(cycle.split('').toSorted().join('')).toBe('abc')
  expect(new Set(cycles).size).toBeGreaterThan(1)
  const common = Math.min(first?.length ?? 0, again?.length ?? 0)
  expect(again?.slice(0, common)).toBe(first?.slice(0, common))
})

test('what the server does wrong is counted: bad, lost, and never both', async () => {
  const server = closing(
    await startScriptedServer((socket, _, count) => {
      if (count % 4 === 0) socket.destroy()
      else if (count % 4 === 1) socket.write(goodResponse(1))
      else if (count % 4 === 2) socket.write('nonsense\r\n\r\n')
      else socket.write(goodResponse())
    }),
  )
  const [outcome] = await drive(load, [target('pa', server.port)], { durationMs: 1500 })
  const sample = sampleOf(outcome, 'pa')
  expect(server.requests.length).toBeGreaterThan(4)
  expect(sample.sent).toBe(server.requests.length)
  const count = (rest: number) => server.requests.filter((__, i) => (i + 1) % 4 === rest).length
  expect(sample).toMatchObject({ received: count(3), bad: count(1) + count(2), lost: count(0) })
})

test('dead, silent and unreachable paths are errors, and the others go on', async () => {
  const hole = await BlackHole.open()
  closers.push(() => hole.close())
  const silent = closing(await startScriptedServer(() => {}))
  const server = closing(await echoServer('a'))
  const targets = [
    target('dead', await deadPort()),
    target('hole', hole.port),
    target('silent', silent.port),
    target('pa', server.port),
  ]
  const [outcome] = await drive(load, targets, { durationMs: 2000, timeoutMs: 300 })
  for (const path of ['dead', 'hole']) {
    expect(sampleOf(outcome, path)).toMatchObject({ sent: 0, lost: 0 })
    expect(sampleOf(outcome, path).errors).toBeGreaterThan(0)
  }
  const quiet = sampleOf(outcome, 'silent')
  expect(quiet.sent).toBeGreaterThan(0)
  expect(quiet).toMatchObject({ received: 0, lost: quiet.sent, errors: quiet.sent })
  expect(sampleOf(outcome, 'pa').received).toBeGreaterThan(0)
})
