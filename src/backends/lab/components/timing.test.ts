import { once } from 'node:events'
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMeshAuthority } from '../pki.ts'
import { dial } from './dial.ts'
import { openSession } from './hbone-client.ts'
import { HbonePool } from './hbone-pool.ts'
import { connectMtls } from './mtls.ts'
import type { Identity } from './protocol.ts'
import { spiffe, trustDomain } from './testing/chain.ts'
import { clientPreface, frameTypes, parseFrames } from './testing/http2-frames.ts'

// Sockets are real; only our timers run ahead.
const cleanUps: (() => unknown)[] = []
let client: Identity
let server: Identity

beforeEach(async () => {
  const authority = await createMeshAuthority(trustDomain)
  ;[client, server] = await Promise.all([
    authority.issue(spiffe('client')),
    authority.issue(spiffe('server')),
  ])
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(async () => {
  vi.useRealTimers()
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

function tlsOptions(): { cert: string; key: string; ca: string; ALPNProtocols: string[] } {
  return { cert: server.certPem, key: server.keyPem, ca: server.rootPem, ALPNProtocols: ['h2'] }
}

describe('PING', () => {
  it('is sent after 10 s, and a peer that does not answer for 20 s is given up', async () => {
    const mute = createServer(tlsOptions())
    mute.listen(0, '127.0.0.1')
    await once(mute, 'listening')
    cleanUps.push(() => mute.close())
    const accepted = once(mute, 'secureConnection') as Promise<[TLSSocket]>
    const tcp = await dial(`127.0.0.1:${(mute.address() as AddressInfo).port}`)
    const session = openSession(await connectMtls(tcp, client, [spiffe('server')]))
    const [socket] = await accepted
    cleanUps.push(() => socket.destroy())
    const chunks: Buffer[] = []
    socket.on('data', (part: Buffer) => chunks.push(part))
    socket.on('error', () => {})
    const pings = () =>
      parseFrames(Buffer.concat(chunks).subarray(clientPreface.length)).filter(
        (frame) => frame.type === frameTypes.ping,
      ).length
    await arrival(() => !session.connecting)

    await vi.advanceTimersByTimeAsync(9_900)
    expect(pings()).toBe(0)
    await vi.advanceTimersByTimeAsync(100)
    await arrival(() => pings() === 1)
    await vi.advanceTimersByTimeAsync(19_900)
    expect(session.destroyed).toBe(false)
    await vi.advanceTimersByTimeAsync(100)
    expect(session.destroyed).toBe(true)
  })

  it('goes on every 10 s as long as the peer answers', async () => {
    const { sessions, port } = await echoServer()
    const tcp = await dial(`127.0.0.1:${port}`)
    const session = openSession(await connectMtls(tcp, client, [spiffe('server')]))
    let pings = 0
    await arrival(() => sessions.length === 1 && !session.connecting)
    sessions[0]!.on('ping', () => pings++)
    for (const expected of [1, 2, 3]) {
      await vi.advanceTimersByTimeAsync(10_000)
      await arrival(() => pings === expected)
      // The next wait starts when the answer has come back.
      await new Promise((resolve) => session.ping(resolve))
      pings = expected
    }
    expect(session.destroyed).toBe(false)
    session.destroy()
  })
})

describe('a pooled connection', () => {
  it('leaves the pool when it was unused for 5 minutes, and its streams go on', async () => {
    const { sessions, port } = await echoServer()
    const pool = new HbonePool(client)
    const key = { address: `127.0.0.1:${port}`, serverSpiffe: [spiffe('server')], sourceIp: '127.0.0.1' }
    const first = await pool.openStream(key, 'a:1', {})
    await pass(299_000)
    const second = await pool.openStream(key, 'a:1', {})
    expect(sessions).toHaveLength(1)
    await pass(299_000)
    await pool.openStream(key, 'a:1', {})
    expect(sessions).toHaveLength(1)

    await pass(301_000)
    const fresh = await pool.openStream(key, 'a:1', {})
    expect(sessions).toHaveLength(2)
    for (const stream of [first, second, fresh]) {
      stream.end('still here')
      expect(Buffer.concat(await stream.toArray()).toString()).toBe('still here')
    }
    fresh.session!.destroy()
  })
})

async function echoServer(): Promise<{ sessions: ServerHttp2Session[]; port: number }> {
  const sessions: ServerHttp2Session[] = []
  const echo = createSecureServer(tlsOptions())
  echo.on('session', (session) => {
    session.on('error', () => {})
    sessions.push(session)
  })
  echo.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {})
    stream.respond({ ':status': 200 })
    stream.pipe(stream)
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  cleanUps.push(() => echo.close())
  cleanUps.push(() => {
    for (const session of sessions) session.destroy()
  })
  return { sessions, port: (echo.address() as AddressInfo).port }
}

/** Time goes by in steps, between which peers get to answer PINGs. */
async function pass(durationMs: number): Promise<void> {
  for (let left = durationMs; left > 0; left -= 1_000) {
    await vi.advanceTimersByTimeAsync(1_000)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Lets real I/O happen until the condition holds; timers cannot be used to wait here. */
async function arrival(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !condition(); turn++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(condition()).toBe(true)
}
