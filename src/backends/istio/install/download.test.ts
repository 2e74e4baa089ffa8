import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { EnvironmentError } from '../../../errors.ts'
import { download } from './download.ts'

let server: Server | undefined
afterEach(async () => {
  vi.unstubAllEnvs()
  server?.closeAllConnections()
  await new Promise((resolve) => {
    server?.close(resolve)
  })
})

/** A server on this machine that answers so. */
async function serving(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`
}

const limits = { maxBytes: 1000, timeoutMs: 60_000 }

test('a file of the size limit comes whole', async () => {
  const url = await serving((_, response) => void response.end(Buffer.alloc(1000, 7)))
  expect(await download(url, limits)).toEqual(Buffer.alloc(1000, 7))
})

test('a file that does not end is refused by its limit, whatever length it claims to have', async () => {
  let sent = 0
  const url = await serving((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536
    }
    response.on('drain', more)
    more()
  })
  await expect(download(url, { ...limits, maxBytes: 2 * 1024 * 1024 })).rejects.toThrow(
    /cannot download http:\S+: it is larger than 2 MiB, the limit/,
  )
  expect(sent).toBeLessThan(64 * 1024 * 1024)
})

test('a server that stops in the middle is given up after the time-out, which is named', async () => {
  const url = await serving((_, response) => void response.writeHead(200).write('begin'))
  const failure = await download(url, { ...limits, timeoutMs: 300 }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(EnvironmentError)
  expect((failure as Error).message).toMatch(/not whole after 0\.3 s$/)
})

test('a stop ends it with the reason of the stop', async () => {
  const stop = new AbortController()
  const url = await serving((_, response) => {
    response.writeHead(200).write('begin')
    stop.abort(new Error('enough'))
  })
  await expect(download(url, { ...limits, signal: stop.signal })).rejects.toThrow('enough')
})

test('goes by the proxy of the environment, and past it where NO_PROXY says so', async () => {
  const url = await serving((_, response) => void response.end('whole'))
  const tunnelled: string[] = []
  const proxy = createServer().listen(0, '127.0.0.1')
  proxy.on('connect', ({ url: to = '' }, client) => {
    tunnelled.push(to)
    const [host = '', port = ''] = to.split(':')
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(client)
      client.pipe(upstream)
    })
    for (const socket of [upstream, client]) socket.on('error', () => {})
  })
  await once(proxy, 'listening')
  try {
    for (const name of ['HTTP_PROXY', 'http_proxy'])
      vi.stubEnv(name, `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '')
    expect((await download(url, limits)).toString()).toBe('whole')
    expect(tunnelled).toEqual([new URL(url).host])
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '127.0.0.1')
    expect((await download(url, limits)).toString()).toBe('whole')
    expect(tunnelled).toHaveLength(1)
  } finally {
    proxy.closeAllConnections()
    proxy.close()
  }
})
