import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectHttp2, createSecureServer, type IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMeshAuthority } from '../pki.ts'
import { dial } from './dial.ts'
import { openConnect, openSession } from './hbone-client.ts'
import { connectMtls } from './mtls.ts'
import type { Identity } from './protocol.ts'
import { AppClient } from './testing/app-client.ts'
import { AppServer, Chain, serviceAuthority, spiffe, trustDomain } from './testing/chain.ts'
import { clientPreface, connectionWindowIncrement, parseFrames, settingsOf } from './testing/http2-frames.ts'

const mebibyte = 1024 * 1024

let chain: Chain
let client: Identity
let server: Identity

beforeAll(async () => {
  const authority = await createMeshAuthority(trustDomain)
  chain = await Chain.start({}, undefined, authority)
  ;[client, server] = await Promise.all([
    authority.issue(spiffe('client')),
    authority.issue(spiffe('server')),
  ])
})
afterAll(async () => {
  await chain?.stop()
})

/** What a TLS server sees of the first connection of our HBONE client. */
async function seenByServer(): Promise<{ socket: TLSSocket; sent: Buffer }> {
  const tls = createServer({
    cert: server.certPem,
    key: server.keyPem,
    ca: server.rootPem,
    requestCert: true,
    ALPNProtocols: ['h2'],
  })
  tls.listen(0, '127.0.0.1')
  await once(tls, 'listening')
  const accepted = once(tls, 'secureConnection') as Promise<[TLSSocket]>
  const tcp = await dial(`127.0.0.1:${(tls.address() as AddressInfo).port}`)
  const session = openSession(await connectMtls(tcp, client, [spiffe('server')]))
  void openConnect(session, serviceAuthority, {}).catch(() => {})
  const [socket] = await accepted
  const chunks: Buffer[] = []
  socket.on('data', (part: Buffer) => chunks.push(part))
  socket.on('error', () => {})
  const frames = () => parseFrames(Buffer.concat(chunks).subarray(clientPreface.length))
  await expect.poll(() => frames().length).toBeGreaterThanOrEqual(3)
  session.destroy()
  tls.close()
  return { socket, sent: Buffer.concat(chunks) }
}

describe('the HBONE client', () => {
  it('speaks TLS 1.3 with AES-GCM and h2, names no server and resumes nothing', async () => {
    for (const attempt of [1, 2]) {
      const { socket } = await seenByServer()
      expect(socket.getProtocol(), `connection ${attempt}`).toBe('TLSv1.3')
      expect(socket.getCipher().name).toBe('TLS_AES_256_GCM_SHA384')
      expect(socket.alpnProtocol).toBe('h2')
      expect((socket as { servername?: unknown }).servername).toBeFalsy()
      expect(socket.isSessionReused()).toBe(false)
    }
  })

  it("announces ztunnel's windows and frame size, and no push", async () => {
    const { sent } = await seenByServer()
    expect(sent.subarray(0, clientPreface.length).toString()).toBe(clientPreface)
    const frames = parseFrames(sent.subarray(clientPreface.length))
    expect(settingsOf(frames)).toEqual({
      push: 0,
      window: 4 * mebibyte,
      maxFrame: mebibyte,
      maxHeaderList: 16 * 1024,
    })
    expect(connectionWindowIncrement(frames)).toBe(16 * mebibyte - 65_535)
  })
})

describe.each([
  ['ztunnel', 200],
  ['gateway', 100],
] as const)('the HBONE server of the %s', (role, maxStreams) => {
  it("announces ztunnel's windows and frame size, and its own number of streams", async () => {
    const host = role === 'ztunnel' ? chain.addresses.server : chain.addresses.gateway
    const socket = connect({
      host,
      port: 15008,
      ...tlsOf(client),
      ALPNProtocols: ['h2'],
      checkServerIdentity: () => undefined,
    })
    const chunks: Buffer[] = []
    socket.on('data', (part: Buffer) => chunks.push(part))
    socket.on('error', () => {})
    await expect.poll(() => parseFrames(Buffer.concat(chunks)).length).toBeGreaterThanOrEqual(2)
    const frames = parseFrames(Buffer.concat(chunks))
    expect(settingsOf(frames)).toEqual({
      maxStreams,
      window: 4 * mebibyte,
      maxFrame: mebibyte,
      maxHeaderList: 64 * 1024,
    })
    expect(connectionWindowIncrement(frames)).toBe(16 * mebibyte - 65_535)
    expect(socket.getProtocol()).toBe('TLSv1.3')
    socket.destroy()
  })

  it('does not resume a TLS session', async () => {
    const host = role === 'ztunnel' ? chain.addresses.server : chain.addresses.gateway
    const options = {
      host,
      port: 15008,
      ...tlsOf(client),
      ALPNProtocols: ['h2'],
      checkServerIdentity: () => undefined,
    }
    const first = connect(options)
    first.on('error', () => {})
    first.resume()
    const [session] = (await once(first, 'session')) as [Buffer]
    first.destroy()
    const second = connect({ ...options, session })
    second.on('error', () => {})
    await once(second, 'secureConnect')
    expect(second.isSessionReused()).toBe(false)
    second.destroy()
  })
})

function tlsOf(identity: Identity): { cert: string; key: string; ca: string } {
  return { cert: identity.certPem, key: identity.keyPem, ca: identity.rootPem }
}

describe('CONNECT', () => {
  /** The request headers of both tunnels of one double HBONE connection, seen by a server of our own. */
  async function headersSeen(): Promise<IncomingHttpHeaders> {
    const seen: IncomingHttpHeaders[] = []
    const standIn = createSecureServer({ ...tlsOf(server), requestCert: true })
    standIn.on('stream', (stream, headers) => {
      seen.push(headers)
      stream.respond({ ':status': 503 }, { endStream: true })
    })
    standIn.listen(15008, chain.addresses.spare)
    await once(standIn, 'listening')
    const asking = await Chain.start(
      { serverHboneAddress: `${chain.addresses.spare}:15008` },
      undefined,
      chain.authority,
    )
    try {
      const app = await AppClient.connect(asking.target(5))
      expect(await app.ending).toBe('ECONNRESET')
      expect((await asking.clientZtunnel.flows()).failures[0]?.reason).toBe('CONNECT answered 503')
    } finally {
      await asking.stop()
      standIn.close()
    }
    expect(seen).toHaveLength(1)
    return seen[0]!
  }

  it('of an inner tunnel names the service, who asks, for whom, and from which network', async () => {
    const headers = await headersSeen()
    expect(headers[':method']).toBe('CONNECT')
    expect(headers[':authority']).toBe(serviceAuthority)
    expect(headers[':path']).toBeUndefined()
    expect(headers['forwarded']).toMatch(
      /^for="127\.0\.0\.1:\d+";host=server\.hopmeter\.svc\.cluster\.local$/,
    )
    expect(headers['baggage']).toBe('k8s.namespace.name=hopmeter,k8s.pod.name=client-pod,service.name=client')
    expect(headers['traceparent']).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/)
    expect(headers['x-forwarded-network']).toBe('network-1')
  })

  it('is answered by a ztunnel with 200 and its own baggage, only once the application accepted', async () => {
    const app = await AppServer.listen(chain.addresses.server, 8080, () => {})
    const session = connectHttp2(`https://${chain.addresses.server}:15008`, {
      ...tlsOf(client),
      checkServerIdentity: () => undefined,
    })
    try {
      const stream = session.request({ ':method': 'CONNECT', ':authority': serviceAuthority })
      stream.on('error', () => {})
      const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders]
      expect(answer).toMatchObject({
        ':status': 200,
        baggage: 'k8s.namespace.name=hopmeter,k8s.pod.name=server-pod,service.name=server',
      })
      await expect.poll(() => app.sockets.size).toBe(1)
    } finally {
      session.destroy()
      await app.close()
    }
  })

  it('is the only method: anything else is answered with 400', async () => {
    const session = connectHttp2(`https://${chain.addresses.gateway}:15008`, {
      ...tlsOf(client),
      checkServerIdentity: () => undefined,
    })
    const stream = session.request({ ':method': 'GET', ':path': '/', ':authority': serviceAuthority })
    const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    expect(answer[':status']).toBe(400)
    session.destroy()
  })
})

describe('openssl s_client', () => {
  it('agrees: TLS 1.3, h2, a client certificate is asked for and required', async () => {
    const output = await new Promise<string>((resolve, reject) => {
      const args = ['s_client', '-connect', `${chain.addresses.server}:15008`, '-alpn', 'h2', '-noservername']
      const child = execFile('openssl', args, (error, stdout, stderr) => {
        if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT') reject(error)
        else resolve(stdout + stderr)
      })
      child.stdin?.on('error', () => {})
    })
    expect(output).toContain('TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384')
    expect(output).toContain('ALPN protocol: h2')
    expect(output).toContain('Server Temp Key: X25519')
    expect(output).toMatch(/alert certificate required/)
  })
})
