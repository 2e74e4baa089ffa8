import { lookup } from 'node:dns/promises'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  deadPort,
  goodResponse,
  resetNow,
  startScriptedServer,
} from '../src/agent/testing/scripted-server.ts'
import { Hopmeter } from './support/hopmeter.ts'

const localhost = await lookup('localhost', { all: true })

let hopmeter: Hopmeter

beforeEach(async () => {
  hopmeter = await Hopmeter.create()
})

afterEach(() => hopmeter.dispose())

const quick = ['probe', '-q', '--rounds', '6', '--duration', '100ms', '--warmup', '0ms']
const profiles = ['pingpong', 'closed', 'open', 'connect']

interface Endpoint {
  readonly sent: number
  readonly requests: number
  readonly bad: number
  readonly errors: number
  readonly lost: number
}

interface Result {
  readonly endpoints: readonly Endpoint[]
  readonly differences: readonly {
    readonly metric: string
    readonly comparison: { readonly verdict: string }
  }[]
  readonly remarks: readonly string[]
}

async function scripted(script: Parameters<typeof startScriptedServer>[0]) {
  const server = await startScriptedServer(script)
  onTestFinished(() => server.close())
  return { ...server, url: `http://127.0.0.1:${server.port}/` }
}

const good = () => scripted((socket) => socket.write(goodResponse()))

async function probed(...args: string[]): Promise<Result> {
  const { code, stdout, stderr } = await hopmeter.run([...quick, '-o', 'json', ...args])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Result
}

describe.each(profiles)('probe --profile %s', (profile) => {
  test('counts every request once, half of them reset or refused', async () => {
    const fine = await good()
    const wild = await scripted((socket: Socket, _, count) => {
      if (count % 4 === 1) socket.write(goodResponse().slice(0, -3), () => resetNow(socket))
      else if (count % 4 === 2) socket.write('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n')
      else socket.write(goodResponse())
    })
    const { endpoints, differences, remarks } = await probed(
      '--profile',
      profile,
      fine.url,
      `wild=${wild.url}`,
    )
    for (const e of endpoints) expect(e.sent).toBe(e.requests + e.bad + e.errors + e.lost)
    const [calm, broken] = endpoints
    expect(calm).toMatchObject({ bad: 0, errors: 0, lost: 0 })
    expect(broken!.sent).toBe(wild.requests.length)
    expect(broken!.lost).toBe(wild.requests.filter((__, i) => i % 4 === 0).length)
    expect(broken!.bad).toBe(wild.requests.filter((__, i) => i % 4 === 1).length)
    for (const { comparison } of differences) expect(comparison.verdict).toBe('cannot tell')
    expect(remarks.join('\n')).toMatch(/wild: \d+ of \d+ requests failed \(\d+ %\)/)
  })

  test.skipIf(localhost.length < 2)(
    'tries the last address of localhost where the first refuses',
    async () => {
      const server = createServer((socket) => socket.on('data', () => socket.write(goodResponse())))
      await new Promise<void>((listening) => void server.listen(0, localhost.at(-1)?.address, listening))
      onTestFinished(() => void server.close())
      const { port } = server.address() as AddressInfo
      // Nobody listens on this port of the first address.
      const { endpoints } = await probed('--profile', profile, `http://localhost:${port}/`)
      expect(endpoints[0]).toMatchObject({ bad: 0, errors: 0, lost: 0 })
      expect(endpoints[0]!.requests).toBeGreaterThan(0)
    },
  )

  test('sends the password and shows it nowhere', async () => {
    const heads: string[] = []
    const server = createServer((socket) =>
      socket.on('data', (chunk) => {
        heads.push(chunk.toString())
        socket.write(goodResponse())
      }),
    )
    await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const url = `http://user:s3cret@127.0.0.1:${port}/`
    const basic = Buffer.from('user:s3cret').toString('base64')
    for (const format of ['text', 'json']) {
      const run = await hopmeter.run([
        ...quick,
        '--rounds',
        '1',
        '--profile',
        profile,
        '-o',
        format,
        url,
        url,
      ])
      expect(run.code).toBe(0)
      for (const secret of ['s3cret', basic]) expect(run.stdout + run.stderr).not.toContain(secret)
    }
    for (const head of heads)
      expect(head.toLowerCase()).toContain(`authorization: basic ${basic}`.toLowerCase())
    expect(heads.length).toBeGreaterThan(0)
  })

  test('names an endpoint that is not there, by name and URL, and fails', async () => {
    const fine = await good()
    const url = `http://127.0.0.1:${await deadPort()}/`
    const { code, stdout, stderr } = await hopmeter.run([
      ...quick,
      '--profile',
      profile,
      fine.url,
      `gone=${url}`,
    ])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`gone (${url})`)
    expect(stderr).toContain('ECONNREFUSED')
  })
})

test.each(['pingpong', 'closed', 'open'])(
  'a server that closes after each answer is measured by first requests (%s)',
  async (profile) => {
    const closing = await scripted((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nhello'))
    const { differences, remarks } = await probed('--profile', profile, closing.url, closing.url)
    expect(new Set(differences.map(({ metric }) => metric))).toEqual(new Set(['firstRequest']))
    expect(remarks.join('\n')).toContain('ends the connection after each answer')
    expect(remarks.join('\n')).toContain('--profile connect')

    const fine = await good()
    const unlike = await probed('--profile', profile, fine.url, closing.url)
    expect(unlike.differences).toEqual([])
    expect(unlike.remarks.join('\n')).toContain('cannot be compared')
  },
)

test('HTTP/2 is not a protocol error where the server speaks HTTP/1, and the other way round', async () => {
  const one = createServer((socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  )
  await new Promise<void>((listening) => void one.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void one.close())
  const url = `http://127.0.0.1:${(one.address() as AddressInfo).port}/`
  const asked = await hopmeter.run([...quick, '--protocol', 'http2', url])
  expect(asked.code).toBe(1)
  expect(asked.stderr).toContain('does not speak HTTP/2 without TLS')

  const server = createHttp2Server((_, response) => response.end('ok'))
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const plain = await hopmeter.run([...quick, `http://127.0.0.1:${port}/`])
  expect(plain.code).toBe(1)
  expect(plain.stderr).toContain('the server speaks HTTP/2, not HTTP/1')
})

test('a rule about errors ends with 3 where it is broken', async () => {
  const half = await scripted((socket, _, count) =>
    socket.write(count % 2 === 0 ? goodResponse() : 'HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n'),
  )
  const broken = await hopmeter.run([...quick, '--fail-on', 'errors>1%', `half=${half.url}`])
  expect(broken.code).toBe(3)
  expect(broken.stderr).toMatch(/half: \d+ of \d+ requests failed/)
  const kept = await hopmeter.run([...quick, '--fail-on', 'errors>90%', `half=${half.url}`])
  expect(kept.code).toBe(0)
})

test('descriptors that run out are named', async () => {
  const fine = await good()
  const args = [...quick, '--rounds', '1', '--profile', 'closed', '--connections', '400', fine.url]
  const { stdout, stderr } = await hopmeter.run(args, {
    command: ['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh'],
  })
  expect(stdout + stderr).toContain('no file descriptor is left')
})
