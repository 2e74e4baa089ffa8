import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect as connectHttp2, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pathHeader, responseBytesHeader, type ServeConfig, type ServeFaults } from '../protocol.ts'
import { Http1ResponseParser } from '../wire/http1-response-parser.ts'
import { tcpRequestFrame, TcpResponseReader, type TcpResponse } from '../wire/tcp-frames.ts'
import { startEchoServer, type EchoServer } from './echo-server.ts'

let server: EchoServer
const sockets: Socket[] = []

async function restart(faults?: ServeFaults, faultsByPath?: ServeConfig['faultsByPath']): Promise<void> {
  await server.close()
  server = await start(faults, faultsByPath)
}

function start(faults?: ServeFaults, faultsByPath?: ServeConfig['faultsByPath']): Promise<EchoServer> {
  return startEchoServer({
    host: '127.0.0.1',
    port: 0,
    cluster: 'east',
    pod: 'server-1',
    faults,
    faultsByPath,
  })
}

beforeEach(async () => {
  server = await start()
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server.close()
})

async function dial(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: server.port, allowHalfOpen: true })
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

/** Everything that comes until the server closes its side. */
async function exchange(bytes: string | Buffer, { close = false } = {}): Promise<string> {
  const socket = await dial()
  socket.write(bytes)
  if (close) socket.end()
  const answer = await text(socket)
  socket.destroy()
  return answer
}

function get(path: string, size: number, more = ''): string {
  return `GET / HTTP/1.1\r\nHost: a\r\n${pathHeader}: ${path}\r\n${responseBytesHeader}: ${size}\r\n${more}\r\n`
}

/** Reads `count` responses from a socket that stays open. */
function responses(
  socket: Socket,
  count: number,
): Promise<{ status: number; bodyBytes: number; pod: string }[]> {
  return new Promise((resolve, reject) => {
    const seen: { status: number; bodyBytes: number; pod: string }[] = []
    const parser = new Http1ResponseParser(({ status, pod }, bodyBytes) => {
      seen.push({ status, bodyBytes, pod })
      if (seen.length === count) resolve(seen)
    })
    socket.on('data', (chunk) => parser.push(chunk))
    socket.on('close', () => reject(new Error(`closed after ${seen.length} responses`)))
  })
}

describe('HTTP/1.1', () => {
  test('an ordinary client learns who answers', async () => {
    const [response] = (await once(httpRequest({ port: server.port, path: '/any' }).end(), 'response')) as [
      IncomingMessage,
    ]
    expect(response.statusCode).toBe(200)
    expect(response.headers).toMatchObject({ 'x-hopmeter-cluster': 'east', 'x-hopmeter-pod': 'server-1' })
    expect(await text(response)).toContain('pod: server-1')
    expect(server.stats.take().served).toEqual({})
  })

  test('pipelined requests are answered in order, each with the size it asks for, and counted per path', async () => {
    const socket = await dial()
    const answers = responses(socket, 4)
    socket.write(get('a', 0) + get('b', 5) + get('a', 100_000) + get('a%20b', 5))
    expect((await answers).map(({ bodyBytes }) => bodyBytes)).toEqual([0, 5, 100_000, 5])
    expect(server.stats.take().served).toEqual({ a: 2, b: 1, 'a b': 1 })
  })

  test('request bodies are taken whole, by length or chunked', async () => {
    const socket = await dial()
    const answers = responses(socket, 3)
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\n${responseBytesHeader}: 1\r\nContent-Length: 5\r\n\r\nhello` +
        `POST / HTTP/1.1\r\nHost: a\r\n${responseBytesHeader}: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n` +
        get('a', 3),
    )
    expect((await answers).map(({ bodyBytes }) => bodyBytes)).toEqual([1, 2, 3])
  })

  test('a client that expects 100 Continue gets it before it sends the body', async () => {
    const request = httpRequest({
      port: server.port,
      method: 'POST',
      headers: { expect: '100-continue', 'content-length': 3 },
    })
    request.flushHeaders()
    await once(request, 'continue')
    request.end('abc')
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(200)
    response.resume()
  })

  test('HEAD gets the length and no body', async () => {
    const request = `HEAD / HTTP/1.1\r\nHost: a\r\n${responseBytesHeader}: 7\r\nConnection: close\r\n\r\n`
    const answer = await exchange(request)
    expect(answer).toContain('content-length: 7\r\n')
    expect(answer.endsWith('\r\n\r\n')).toBe(true)
  })

  test('the connection closes when the client asks for it, and with HTTP/1.0', async () => {
    expect(await exchange(get('a', 2, 'Connection: close\r\n'))).toContain('connection: close')
    expect(await exchange(`GET / HTTP/1.0\r\n${responseBytesHeader}: 2\r\n\r\n`)).toMatch(/\r\n\r\nxx$/)
  })

  test('a client that closes its side first still gets its answers', async () => {
    await restart({ delayUs: 20_000 })
    const answer = await exchange(get('a', 3) + get('a', 4), { close: true })
    expect(answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
  })

  test.each([
    ['nonsense', 'hello\r\n\r\n', 400],
    ['too many header bytes', `GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    ['an unknown transfer-encoding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n', 501],
  ])('refuses %s and closes', async (_, request, status) => {
    expect(await exchange(request)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })

  test('a size beyond the limit is refused and the connection goes on', async () => {
    const socket = await dial()
    const answers = responses(socket, 2)
    socket.write(get('a', 999_999_999) + get('a', 1))
    expect((await answers).map(({ status }) => status)).toEqual([400, 200])
    expect(server.stats.take().served).toEqual({ a: 1 })
  })

  test('large responses arrive whole, also when the client reads late', async () => {
    const socket = await dial()
    socket.pause()
    const size = 9_000_000
    socket.write(get('a', size) + get('a', size))
    await once(socket, 'readable')
    expect((await responses(socket, 2)).map(({ bodyBytes }) => bodyBytes)).toEqual([size, size])
    expect(server.stats.take().served).toEqual({ a: 2 })
  })

  test('responses that never left, because the client went away, are not counted', async () => {
    const socket = await dial()
    socket.pause()
    // More than the kernel takes for a client that does not read.
    const asked = 8
    socket.write(get('a', 16_000_000).repeat(asked))
    await once(socket, 'readable')
    socket.resetAndDestroy()
    while (server.stats.take().connections > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(server.stats.take().served['a'] ?? 0).toBeLessThan(asked)
  })
})

describe('HTTP/2 with prior knowledge', () => {
  type Headers = IncomingHttpHeaders & IncomingHttpStatusHeader

  async function ask(headers: Record<string, string>, body?: string): Promise<[Headers, string]> {
    const session = connectHttp2(`http://127.0.0.1:${server.port}`)
    try {
      const stream = session.request({ ':method': body === undefined ? 'GET' : 'POST', ...headers })
      stream.end(body)
      const [head] = (await once(stream, 'response')) as [Headers]
      return [head, await text(stream)]
    } finally {
      session.destroy()
    }
  }

  test('answers name cluster and pod, have the size asked for, and are counted', async () => {
    const [head, body] = await ask({ [pathHeader]: 'h2', [responseBytesHeader]: '100000' })
    expect(head).toMatchObject({ ':status': 200, 'x-hopmeter-cluster': 'east', 'x-hopmeter-pod': 'server-1' })
    expect(body).toHaveLength(100_000)
    await ask({ [pathHeader]: 'h2', [responseBytesHeader]: '1' }, 'a body')
    expect(server.stats.take().served).toEqual({ h2: 2 })
  })

  test('the preface may come in pieces', async () => {
    const socket = await dial()
    socket.write('PRI * HT')
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.write('TP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0')
    const [settings] = (await once(socket, 'data')) as [Buffer]
    expect(settings[3]).toBe(4) // the server's SETTINGS frame
  })

  test('a malformed size is refused', async () => {
    const [head] = await ask({ [responseBytesHeader]: '-1' })
    expect(head[':status']).toBe(400)
  })
})

describe('TCP echo', () => {
  test('frames are answered in order and counted', async () => {
    const socket = await dial()
    const seen: TcpResponse[] = []
    const all = new Promise<void>((resolve) => {
      const reader = new TcpResponseReader((response) => {
        seen.push(response)
        if (seen.length === 3) resolve()
      })
      socket.on('data', (chunk) => reader.push(chunk))
    })
    socket.write(
      Buffer.concat([
        tcpRequestFrame('p', 10, 0),
        tcpRequestFrame('p →', 0, 200_000),
        tcpRequestFrame('p', 1, 7),
      ]),
    )
    await all
    const who = { status: 200, cluster: 'east', pod: 'server-1' }
    expect(seen).toEqual([0, 200_000, 7].map((bodyBytes) => ({ ...who, bodyBytes })))
    expect(server.stats.take().served).toEqual({ p: 2, 'p →': 1 })
  })

  test('a broken frame ends the connection', async () => {
    expect(await exchange(Buffer.from([0xf1, 9, 0, 0]))).toBe('')
  })
})

describe('faults', () => {
  test('a connection gets a FIN after the given number of replies', async () => {
    await restart({ finEvery: 2 })
    const answer = await exchange(get('a', 1) + get('a', 1) + get('a', 1))
    expect(answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
    expect(answer).not.toContain('connection: close')
    expect(server.stats.take().served).toEqual({ a: 2 })
  })

  test('replies are never earlier than their delay, and the first is later still', async () => {
    await restart({ delayUs: 3000, firstRequestDelayUs: 40_000 })
    const socket = await dial()
    const elapsedMs = async () => {
      const startedMs = performance.now()
      socket.write(get('a', 1))
      await once(socket, 'data')
      return performance.now() - startedMs
    }
    expect(await elapsedMs()).toBeGreaterThanOrEqual(43)
    expect(await elapsedMs()).toBeGreaterThanOrEqual(3)
  })

  test('each path meets its own faults, and a path without any those of the server', async () => {
    await restart({ finEvery: 3 }, { slow: { delayUs: 20_000 }, short: { finEvery: 1 } })
    const served = async (path: string) => {
      const socket = await dial()
      socket.write(get(path, 1).repeat(4))
      socket.end()
      return (await text(socket)).match(/HTTP\/1\.1 200 OK/g)?.length
    }
    expect(await served('short')).toBe(1)
    expect(await served('other')).toBe(3)
    const startedMs = performance.now()
    expect(await served('slow')).toBe(4)
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(20)
  })

  test('over HTTP/2 the path header decides as well', async () => {
    await restart(undefined, { slow: { delayUs: 20_000 } })
    const session = connectHttp2(`http://127.0.0.1:${server.port}`)
    const startedMs = performance.now()
    const stream = session.request({ [pathHeader]: 'slow' })
    await text(stream)
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(20)
    session.close()
  })

  test('replies of a connection keep their order when the first is held back', async () => {
    await restart({ firstRequestDelayUs: 30_000 })
    const socket = await dial()
    const answers = responses(socket, 3)
    socket.write(get('a', 3) + get('a', 2) + get('a', 1))
    expect((await answers).map(({ bodyBytes }) => bodyBytes)).toEqual([3, 2, 1])
  })

  test('during a stall nothing is answered', async () => {
    const startedMs = performance.now()
    await restart({ stall: { everyMs: 400, forMs: 200 } })
    const socket = await dial()
    const answers = responses(socket, 1)
    socket.write(get('a', 1))
    await answers
    // The server began to stall when it started, right after we did.
    expect(performance.now() - startedMs).toBeGreaterThan(190)
  })
})

test('stats tell open connections and the addresses behind them', async () => {
  expect(server.stats.take()).toEqual({ served: {}, connections: 0, peers: [] })
  const socket = await dial()
  const answers = responses(socket, 1)
  socket.write(get('a', 1))
  await answers
  expect(server.stats.take()).toMatchObject({ connections: 1, peers: ['127.0.0.1'] })
  expect(server.stats.take().peers).toEqual(['127.0.0.1'])
  socket.destroy()
  while (server.stats.take().connections > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(server.stats.take().peers).toEqual([])
})

test('a port that is taken is an error', async () => {
  const taken = { host: '127.0.0.1', port: server.port, cluster: 'c', pod: 'p' }
  await expect(startEchoServer(taken)).rejects.toThrow('EADDRINUSE')
})
