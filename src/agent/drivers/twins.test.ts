import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { closing } from '../testing/closing.ts'
import { decode, drive, echoServer, sampleOf, sizes, target, total } from '../testing/drive.ts'
import { goodResponse, startScriptedServer } from '../testing/scripted-server.ts'
import type { PathSample } from '../protocol.ts'
import { createDriver } from './create-driver.ts'

const pingpong = { profile: 'pingpong', protocol: 'http1', ...sizes } as const
const countsOf = ({ twins }: PathSample) => twins!.map((own) => decode(own).totalCount) as [number, number]

describe.each(['http1', 'http2', 'tcp'] as const)('both connections of a path over %s', (protocol) => {
  test('are visited equally often within one cycle, as every path is, and their histograms add up', async () => {
    const [a, b] = [closing(await echoServer('a')), closing(await echoServer('b'))]
    const outcomes = await drive({ ...pingpong, protocol }, [target('pa', a.port), target('pb', b.port)], {
      seeds: [1, 2, 3],
      twins: true,
      until: (of) => of('pa').warm > 20 && of('pb').warm > 20,
    })
    for (const outcome of outcomes) {
      const [pa, pb] = [sampleOf(outcome, 'pa'), sampleOf(outcome, 'pb')]
      for (const sample of [pa, pb]) {
        const [first, second] = countsOf(sample)
        expect(first + second).toBe(decode(sample.warm).totalCount)
        expect(Math.abs(first - second)).toBeLessThanOrEqual(1)
      }
      // A turn may end within a cycle, which has two visits of each path.
      expect(Math.abs(pa.sent - pb.sent)).toBeLessThanOrEqual(2)
    }
    expect(total(outcomes, 'pa')).toMatchObject({ cold: 2, lost: 0, errors: 0, reconnects: 0 })
    expect(total(outcomes, 'pa').received).toBe(a.stats.take().served['pa'])
  })
})

/** Names each connection by its path and the order in which connections of that path spoke first. */
function connectionNames() {
  const names = new Map<Socket, string>()
  return (socket: Socket, path: string) => {
    const earlier = [...names.values()].filter((name) => name.startsWith(path)).length
    const name = names.get(socket) ?? `${path}${earlier}`
    names.set(socket, name)
    return name
  }
}

test('each cycle visits every connection once, in an order of its own, one request in flight', async () => {
  const nameOf = connectionNames()
  const arrivals: string[] = []
  let outstanding = 0
  let most = 0
  const server = closing(
    await startScriptedServer((socket, { path }) => {
      arrivals.push(nameOf(socket, path))
      most = Math.max(most, ++outstanding)
      setImmediate(() => {
        outstanding--
        socket.write(goodResponse())
      })
    }),
  )
  const driver = closing(
    await createDriver({
      load: pingpong,
      targets: [target('a', server.port), target('b', server.port)],
      timeoutMs: 10_000,
      check: 'echo',
      twins: true,
    }),
  )
  await driver.open()
  for (let turn = 0; arrivals.length < 48; turn++) {
    const from = arrivals.length
    await driver.turn({ id: turn, seed: turn, durationMs: 200 })
    // A turn begins with a cycle of its own.
    const own = arrivals.slice(from)
    const cycles = Array.from({ length: Math.floor(own.length / 4) }, (_, i) => own.slice(4 * i, 4 * i + 4))
    for (const cycle of cycles) expect(cycle.toSorted()).toEqual(['a0', 'a1', 'b0', 'b1'])
    if (cycles.length >= 10) expect(new Set(cycles.map((cycle) => cycle.join())).size).toBeGreaterThan(2)
  }
  expect(most).toBe(1)
})

test('a path of which one connection never answers is still measured over the other', async () => {
  let good: Socket | undefined
  const server = closing(
    await startScriptedServer((socket, { path }) => {
      if (path === 'half') good ??= socket
      if (path === 'half' && socket !== good) socket.destroy()
      else socket.write(goodResponse())
    }),
  )
  const outcomes = await drive(pingpong, [target('half', server.port), target('whole', server.port)], {
    twins: true,
    until: (of) => of('half').warm > 5 && of('half').lost > 0 && of('whole').warm > 5,
  })
  const counts = outcomes.map((outcome) => countsOf(sampleOf(outcome, 'half')))
  const sums = [0, 1].map((i) => counts.reduce((sum, own) => sum + own[i]!, 0)).toSorted((a, b) => a - b)
  expect(sums[0]).toBe(0)
  expect(sums[1]).toBe(total(outcomes, 'half').warm)
  expect(total(outcomes, 'half').lost).toBeGreaterThan(0)
  expect(total(outcomes, 'whole')).toMatchObject({ lost: 0, errors: 0, reconnects: 0 })
})

test('without twins there is one connection, and nothing is said of two', async () => {
  const server = closing(await echoServer('a'))
  const outcomes = await drive(pingpong, [target('p', server.port)], { until: (of) => of('p').warm > 0 })
  for (const outcome of outcomes) expect(sampleOf(outcome, 'p')).not.toHaveProperty('twins')
  expect(total(outcomes, 'p').cold).toBe(1)
})

describe('a flood', () => {
  /** Answers once every connection has asked, or nobody else has for a while. */
  async function barrier(size: number) {
    const waiting: Socket[] = []
    const state = { most: 0, requests: 0 }
    let timer: NodeJS.Timeout | undefined
    const answer = () => {
      clearTimeout(timer)
      for (const socket of waiting.splice(0)) socket.write(goodResponse())
    }
    const server = closing(
      await startScriptedServer((socket) => {
        state.requests++
        waiting.push(socket)
        state.most = Math.max(state.most, waiting.length)
        clearTimeout(timer)
        if (waiting.length === size) answer()
        else timer = setTimeout(answer, 100)
      }),
    )
    return { server, waiting, state }
  }
  const open = async (port: number, twins: boolean) => {
    const targets = [target('a', port), target('b', port)]
    const driver = closing(
      await createDriver({ load: pingpong, targets, timeoutMs: 10_000, check: 'echo', twins }),
    )
    await driver.open()
    return driver
  }

  test('sends over all connections at once, and ends after its time with nothing in flight', async () => {
    const { server, waiting, state } = await barrier(4)
    const driver = await open(server.port, true)
    const startedMs = performance.now()
    await driver.turn({ id: 1, seed: 1, durationMs: 100, flood: true })
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(99)
    expect(state.most).toBe(4)
    expect(waiting).toEqual([])
    const samples = driver.takeSamples()
    expect(samples.reduce((sum, { received }) => sum + received, 0)).toBe(state.requests)
    for (const sample of samples) expect(sample).toMatchObject({ lost: 0, errors: 0, bad: 0 })
  })

  test('is over for the turn that follows: one request in flight again', async () => {
    const { server, state } = await barrier(4)
    const driver = await open(server.port, true)
    await driver.turn({ id: 1, seed: 1, durationMs: 50, flood: true })
    state.most = 0
    await driver.turn({ id: 2, seed: 2, durationMs: 250 })
    expect(state.most).toBe(1)
  })

  test('leaves a path alone on which nobody answers connections, and ends', async () => {
    const { server } = await barrier(2)
    const targets = [target('a', server.port), target('dead', 1)]
    const driver = closing(
      await createDriver({ load: pingpong, targets, timeoutMs: 1000, check: 'echo', twins: true }),
    )
    await driver.open()
    await driver.turn({ id: 1, seed: 1, durationMs: 50, flood: true })
    const [alive, dead] = driver.takeSamples()
    expect(alive!.received).toBeGreaterThan(0)
    expect(dead).toMatchObject({ sent: 0, received: 0 })
    expect(dead!.errors).toBeGreaterThan(0)
  })

  test('ends early when its driver is closed', async () => {
    const server = closing(await startScriptedServer(() => {}))
    const driver = await open(server.port, true)
    const turn = driver.turn({ id: 1, seed: 1, durationMs: 3_600_000, flood: true })
    await driver.close()
    await turn
  })
})

test('new connections are told apart in two halves of each cycle, and histograms add up', async () => {
  const [a, b] = [closing(await echoServer('a')), closing(await echoServer('b'))]
  const load = { profile: 'connect', ...sizes } as const
  const outcomes = await drive(load, [target('pa', a.port), target('pb', b.port)], {
    seeds: [1, 2],
    twins: true,
    until: (of) => of('pa').warm > 10 && of('pb').warm > 10,
  })
  for (const [i, outcome] of outcomes.entries()) {
    for (const sample of [sampleOf(outcome, 'pa'), sampleOf(outcome, 'pb')]) {
      const [first, second] = countsOf(sample)
      expect(first + second).toBe(decode(sample.warm).totalCount)
      // The first connection ever is cold and in neither.
      expect(Math.abs(first - second)).toBeLessThanOrEqual(i === 0 ? 2 : 1)
    }
  }
  expect(total(outcomes, 'pa')).toMatchObject({ cold: 1, lost: 0, errors: 0 })
})

test('at a constant rate connections take turns as twins; one connection has none', async () => {
  const server = closing(await echoServer('a'))
  const load = (connections: number) =>
    ({ profile: 'open', ratePerSecond: 400, connections, ...sizes }) as const
  const two = await drive(load(2), [target('p', server.port)], {
    twins: true,
    until: (of) => of('p').warm > 5,
  })
  for (const outcome of two) {
    const sample = sampleOf(outcome, 'p')
    const [first, second] = countsOf(sample)
    expect(first + second).toBe(decode(sample.warm).totalCount)
  }
  const one = await drive(load(1), [target('p', server.port)], {
    twins: true,
    until: (of) => of('p').warm > 5,
  })
  for (const outcome of one) expect(sampleOf(outcome, 'p')).not.toHaveProperty('twins')
})
