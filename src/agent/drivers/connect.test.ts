import { expect, test } from 'vitest'
import { BlackHole } from '../testing/black-hole.ts'
import { closing } from '../testing/closing.ts'
import {
  cyclesOf,
  decode,
  drive,
  echoServer,
  sampleOf,
  sizes,
  sumNs,
  target,
  total,
} from '../testing/drive.ts'
import { deadPort, goodResponse, startScriptedServer } from '../testing/scripted-server.ts'

const load = { profile: 'connect', ...sizes } as const

test('every request has a connection of its own, and its parts are recorded', async () => {
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
      expect(sample).toMatchObject({ bad: 0, lost: 0, reconnects: 0, order: 0 })
      expect(sample.sent).toBe(sample.received)
      const { connect, wait, firstByte } = sample.extra
      for (const part of [connect, wait, firstByte]) {
        expect(decode(part).totalCount).toBe(decode(sample.warm).totalCount)
      }
      expect(sumNs(connect) + sumNs(wait)).toBeGreaterThanOrEqual(sumNs(firstByte) * 0.99)
      expect(sumNs(firstByte)).toBeLessThanOrEqual(sumNs(sample.warm) * 1.01)
    }
    const all = total(outcomes, path)
    expect(all.received).toBe(server.stats.take().served[path])
    // The first connection ever of a path is the cold one.
    expect(all.cold).toBe(1)
    expect(all.warm).toBeGreaterThan(0)
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
  const runs: string[][] = []
  for (const seed of [3, 3]) runs.push(await cyclesOf(load, targets, seed, server.requests, 5))
  expect(most).toBe(1)
  for (const run of runs) {
    expect(run.length).toBeGreaterThanOrEqual(5)
    for (const cycle of run) expect(cycle.split('').toSorted().join('')).toBe('abc')
    expect(new Set(run).size).toBeGreaterThan(1)
  }
  expect(runs[1]?.slice(0, 5)).toEqual(runs[0]?.slice(0, 5))
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
  const outcomes = await drive(load, [target('pa', server.port)], { until: (of) => of('pa').sent > 4 })
  const all = total(outcomes, 'pa')
  expect(all.sent).toBeGreaterThan(4)
  expect(all.sent).toBe(server.requests.length)
  const count = (rest: number) => server.requests.filter((__, i) => (i + 1) % 4 === rest).length
  expect(all).toMatchObject({ received: count(3), bad: count(1) + count(2), lost: count(0) })
})

test('dead, silent and unreachable paths are errors, and the others go on', async () => {
  const hole = closing(await BlackHole.open())
  const silent = closing(await startScriptedServer(() => {}))
  const server = closing(await echoServer('a'))
  const targets = [
    target('dead', await deadPort()),
    target('hole', hole.port),
    target('silent', silent.port),
    target('pa', server.port),
  ]
  const outcomes = await drive(load, targets, {
    durationMs: 1500,
    timeoutMs: 1000,
    until: (of) => of('silent').sent > 0 && of('pa').received > 0,
  })
  for (const path of ['dead', 'hole']) {
    const { sent, errors, lost } = total(outcomes, path)
    expect(errors).toBeGreaterThan(0)
    expect({ sent, lost }).toEqual({ sent: errors, lost: 0 })
  }
  const quiet = total(outcomes, 'silent')
  expect(quiet.sent).toBeGreaterThan(0)
  expect(quiet).toMatchObject({ received: 0, lost: 0, errors: quiet.sent })
  expect(total(outcomes, 'pa').received).toBeGreaterThan(0)
})
