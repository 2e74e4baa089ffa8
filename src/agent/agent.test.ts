import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import {
  agentProtocolVersion,
  type ServeConfig,
  type ServeMessage,
  type ServeStatsRequest,
} from './protocol.ts'
import { type DriverLoad } from './drivers/drivers.ts'
import { type LoadMessage, type LoadRequest } from './load-protocol.ts'
import { decode, sizes, target } from './testing/drive.ts'

const agentFile = path.join(import.meta.dirname, '../../dist/agent.mjs')
const version = agentProtocolVersion

/** The bundled agent, as backends start it. */
class Agent<In extends object, Out> {
  readonly process: ChildProcessWithoutNullStreams
  readonly exited: Promise<unknown[]>
  readonly #lines: AsyncIterator<string>

  constructor(mode: string) {
    this.process = spawn(process.execPath, [agentFile, mode], { stdio: 'pipe' })
    this.exited = once(this.process, 'exit')
    this.process.stdin.on('error', () => {})
    this.#lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]()
    running.add(this.process)
  }

  say(message: In | string): void {
    this.process.stdin.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`)
  }

  async hear(): Promise<Out> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the agent ended')
    return JSON.parse(value) as Out
  }

  ask(message: In | string): Promise<Out> {
    this.say(message)
    return this.hear()
  }
}

const running = new Set<ChildProcessWithoutNullStreams>()

afterEach(async () => {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  running.clear()
})

type Server = Agent<ServeConfig | ServeStatsRequest, ServeMessage>
type Loader = Agent<LoadRequest, LoadMessage>

async function startServer(pod: string): Promise<{ server: Server; port: number }> {
  const server: Server = new Agent('serve')
  const said = await server.ask({ type: 'serve', version, host: '127.0.0.1', port: 0, cluster: 'east', pod })
  if (said.type !== 'listening') throw new Error(JSON.stringify(said))
  return { server, port: said.port }
}

function open(load: DriverLoad, ports: Readonly<Record<string, number>>): LoadRequest {
  const targets = Object.entries(ports).map(([name, port]) => target(name, port))
  return { type: 'open', version, load, targets, timeoutMs: 5000 }
}

describe('serve', () => {
  test('answers ordinary HTTP, tells its counters, and ends with its input', async () => {
    const { server, port } = await startServer('server-1')
    const headers = { 'x-hopmeter-path': 'p' }
    const [response] = (await once(request({ port, headers }).end(), 'response')) as [IncomingMessage]
    expect(response.headers['x-hopmeter-pod']).toBe('server-1')
    response.resume()
    await once(response, 'end')
    expect(await server.ask({ type: 'stats' })).toMatchObject({
      type: 'stats',
      served: { p: 1 },
      peers: ['127.0.0.1'],
    })
    server.process.stdin.end()
    expect(await server.exited).toEqual([0, null])
  })

  test('ends cleanly on SIGTERM', async () => {
    const { server } = await startServer('server-1')
    server.process.kill('SIGTERM')
    expect(await server.exited).toEqual([0, null])
  })

  test.each([
    ['{', 'not a line of JSON'],
    ['{"type":"load"}', '"type" must be "serve"'],
    ['{"type":"serve","version":99}', 'protocol version 1, not 99'],
    [
      '{"type":"serve","version":1,"host":"127.0.0.1","port":70000}',
      '"port" must be a number from 0 to 65535',
    ],
    [
      '{"type":"serve","version":1,"host":"127.0.0.1","port":0,"cluster":"a\\r\\nb","pod":"p"}',
      '"cluster" must be',
    ],
  ])('refuses %s', async (line, why) => {
    const server: Server = new Agent('serve')
    expect(await server.ask(line)).toMatchObject({
      type: 'error',
      message: expect.stringContaining(why) as string,
    })
    expect(await server.exited).toEqual([1, null])
  })

  test('says so when the port is taken', async () => {
    const { port } = await startServer('server-1')
    const second: Server = new Agent('serve')
    const said = await second.ask({ type: 'serve', version, host: '127.0.0.1', port, cluster: 'c', pod: 'p' })
    expect(said).toMatchObject({ type: 'error', message: expect.stringContaining('EADDRINUSE') as string })
    expect(await second.exited).toEqual([1, null])
  })
})

describe('load', () => {
  test.each<DriverLoad>([
    { profile: 'pingpong', protocol: 'http1', ...sizes },
    { profile: 'pingpong', protocol: 'http2', ...sizes },
    { profile: 'pingpong', protocol: 'tcp', requestBytes: 0, responseBytes: 0 },
    { profile: 'closed', connections: 4, ...sizes },
    { profile: 'open', ratePerSecond: 300, connections: 4, ...sizes },
    { profile: 'connect', requestBytes: 70_000, responseBytes: 200_000 },
  ])('$profile $protocol: what is recorded is what two servers served', async (load) => {
    const [a, b] = [await startServer('server-a'), await startServer('server-b')]
    const loader: Loader = new Agent('load')
    const opened = await loader.ask(open(load, { pa: a.port, pb: b.port }))
    expect(opened).toEqual({ type: 'opened', version, node: process.version })
    const received = new Map<string, number>()
    for (const id of [1, 2]) {
      const said = await loader.ask({ type: 'turn', id, seed: id, durationMs: 400 })
      if (said.type !== 'turn') throw new Error(JSON.stringify(said))
      expect(said.id).toBe(id)
      expect(said.samples.map((sample) => sample.path)).toEqual(['pa', 'pb'])
      for (const sample of said.samples) {
        expect(sample).toMatchObject({ bad: 0, errors: 0, lost: 0 })
        expect(sample.received).toBe(sample.sent)
        expect(decode(sample.warm).totalCount + decode(sample.cold).totalCount).toBe(sample.received)
        received.set(sample.path, (received.get(sample.path) ?? 0) + sample.received)
      }
      const { health } = said
      expect(health.wallMs).toBeGreaterThanOrEqual(390)
      expect(health.cpuMs).toBeGreaterThan(0)
      expect(health.eventLoopUtilization).toBeGreaterThan(0)
      expect(health.eventLoopUtilization).toBeLessThanOrEqual(1)
      expect(health.runDelayNs === null || health.runDelayNs >= 0).toBe(true)
      expect(health.involuntarySwitches).toBeGreaterThanOrEqual(0)
    }
    for (const name of ['pa', 'pb']) expect(received.get(name)).toBeGreaterThan(0)
    expect(await loader.ask({ type: 'close' })).toEqual({ type: 'closed' })
    expect(await a.server.ask({ type: 'stats' })).toMatchObject({ served: { pa: received.get('pa') } })
    expect(await b.server.ask({ type: 'stats' })).toMatchObject({ served: { pb: received.get('pb') } })
    loader.process.stdin.end()
    expect(await loader.exited).toEqual([0, null])
  })

  test('ends within a turn when its input ends, and leaves no connection', async () => {
    const { server, port } = await startServer('server-1')
    const loader: Loader = new Agent('load')
    await loader.ask(open({ profile: 'closed', connections: 4, ...sizes }, { p: port }))
    loader.say({ type: 'turn', id: 1, seed: 1, durationMs: 60_000 })
    for (;;) {
      const stats = await server.ask({ type: 'stats' })
      if (stats.type === 'stats' && (stats.served['p'] ?? 0) > 0) break
    }
    loader.process.stdin.end()
    expect(await loader.exited).toEqual([0, null])
    for (;;) {
      const stats = await server.ask({ type: 'stats' })
      if (stats.type === 'stats' && stats.connections === 0) break
    }
  })

  test('can be opened again after close, with another load', async () => {
    const { port } = await startServer('server-1')
    const loader: Loader = new Agent('load')
    for (const protocol of ['http1', 'tcp'] as const) {
      expect(await loader.ask(open({ profile: 'pingpong', protocol, ...sizes }, { p: port }))).toMatchObject({
        type: 'opened',
      })
      const said = await loader.ask({ type: 'turn', id: 1, seed: 1, durationMs: 50 })
      expect(said.type === 'turn' && (said.samples[0]?.received ?? 0) > 0).toBe(true)
      expect(await loader.ask({ type: 'close' })).toEqual({ type: 'closed' })
    }
  })

  const targets = [{ path: 'p', host: '127.0.0.1', port: 1 }]
  const pingpong = { profile: 'pingpong', protocol: 'http1', ...sizes }
  test.each([
    ['no JSON', 'turn', 'not a line of JSON: turn'],
    ['no object', '[]', 'not a JSON object'],
    ['an unknown type', { type: 'stop' }, '"type" must be "open" or "turn" or "close"'],
    ['a turn before open', { type: 'turn', id: 1, seed: 1, durationMs: 5 }, '"turn" before "open"'],
    ['another version', { type: 'open', version: 2 }, 'speaks protocol version 1, not 2'],
    [
      'no targets',
      { type: 'open', version, load: pingpong, targets: [], timeoutMs: 5 },
      'at least one target',
    ],
    [
      'an unknown profile',
      { type: 'open', version, load: { ...pingpong, profile: 'x' }, targets, timeoutMs: 5 },
      '"profile" must be "pingpong" or "closed" or "open" or "connect", not "x"',
    ],
    [
      'the same path twice',
      { type: 'open', version, load: pingpong, targets: [...targets, ...targets], timeoutMs: 5 },
      'same path name twice',
    ],
    [
      'a request target with a line break',
      {
        type: 'open',
        version,
        load: pingpong,
        targets: [{ ...targets[0], httpPath: '/\r\nx' }],
        timeoutMs: 5,
      },
      '"httpPath" must be',
    ],
  ])('refuses %s', async (_, line, why) => {
    const loader: Loader = new Agent('load')
    loader.say(typeof line === 'string' ? line : JSON.stringify(line))
    expect(await loader.hear()).toMatchObject({
      type: 'error',
      message: expect.stringContaining(why) as string,
    })
    expect(await loader.exited).toEqual([1, null])
  })
})

test('says how it is used', async () => {
  const agent = new Agent<never, LoadMessage>('dance')
  expect(await agent.hear()).toMatchObject({
    type: 'error',
    message: expect.stringContaining('agent serve') as string,
  })
  expect(await agent.exited).toEqual([1, null])
})
