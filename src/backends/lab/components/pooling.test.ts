import { once } from 'node:events'
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createMeshAuthority } from '../pki.ts'
import { HbonePool } from './hbone-pool.ts'
import { AppClient } from './testing/app-client.ts'
import { Addresses, AppServer, Chain, spiffe, trustDomain, type Hops } from './testing/chain.ts'
import { CountingRelay } from './testing/counting-relay.ts'
import { frameTypes } from './testing/http2-frames.ts'
import { TlsTap } from './testing/tls-tap.ts'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

/** A chain whose connections to the server's HBONE port are counted on their way. */
async function countedChain(): Promise<{ chain: Chain; toServer: CountingRelay }> {
  const addresses = new Addresses()
  const toServer = await CountingRelay.listen(addresses.spare, 15008, { host: addresses.server, port: 15008 })
  cleanUps.push(() => toServer.app.close())
  const chain = await Chain.start({ serverHboneAddress: `${addresses.spare}:15008` }, addresses)
  cleanUps.push(() => chain.stop())
  const app = await AppServer.listen(addresses.server, 8080, (socket) => socket.pipe(socket))
  cleanUps.push(() => app.close())
  return { chain, toServer }
}

/** So many application connections at once, each of which has had one byte echoed. */
async function openApps(chain: Chain, hops: Hops, count: number): Promise<AppClient[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const app = await AppClient.connect(chain.target(hops))
      cleanUps.push(() => app.close())
      app.socket.write('x')
      await app.receive(1)
      return app
    }),
  )
}

describe('HBONE connections', () => {
  it('are shared by application connections at the same time and one after another', async () => {
    const { chain, toServer } = await countedChain()
    await openApps(chain, 4, 20)
    for (const app of await openApps(chain, 4, 3)) app.close()
    await openApps(chain, 4, 3)
    expect(toServer.connections).toBe(1)
  })

  it('take 100 streams each: 150 application connections need two, 250 need three', async () => {
    const { chain, toServer } = await countedChain()
    await openApps(chain, 4, 100)
    expect(toServer.connections).toBe(1)
    await openApps(chain, 4, 50)
    expect(toServer.connections).toBe(2)
    await openApps(chain, 4, 100)
    expect(toServer.connections).toBe(3)
  })

  it('that were full once serve nothing new and close with their last stream', async () => {
    const { chain, toServer } = await countedChain()
    const first = await openApps(chain, 4, 100)
    first.pop()?.close()
    await openApps(chain, 4, 1)
    expect(toServer.connections).toBe(2)
    for (const app of first) app.close()
    await expect.poll(() => toServer.app.sockets.size).toBe(1)
  })
})

describe('double HBONE', () => {
  it('pools the outer connection, and opens a new inner one for every application connection', async () => {
    const { chain, toServer } = await countedChain()
    const apps = await openApps(chain, 6, 10)
    // The load balancer sees what the gateway sees: outer connections.
    const [outer] = (await chain.loadBalancer.flows()).flows
    expect(outer).toMatchObject({ connections: 1, open: 1 })
    expect((await chain.gateway.flows()).flows[0]).toMatchObject({ connections: 10, open: 10 })
    expect(toServer.connections).toBe(10)

    for (const app of apps) app.socket.end()
    await Promise.all(apps.map((app) => app.ending))
    await expect.poll(() => toServer.app.sockets.size).toBe(0)
    expect((await chain.gateway.flows()).flows[0]).toMatchObject({ connections: 10, open: 0 })
    expect((await chain.loadBalancer.flows()).flows[0]).toMatchObject({ connections: 1, open: 1 })
  })
})

// Node's HTTP/2 servers drop a connection, with all its streams, that brings them too many RST_STREAM frames: 1000 at
// once or 33 per second.
describe('application connections', () => {
  it('that close cleanly send no reset on the outer connection', async () => {
    const addresses = new Addresses()
    const authority = await createMeshAuthority(trustDomain)
    const [client, gateway] = await Promise.all([
      authority.issue(spiffe('client')),
      authority.issue(spiffe('gateway')),
    ])
    const upstream = { host: addresses.gateway, identity: gateway }
    const tap = await TlsTap.listen(addresses.spare, upstream, client)
    cleanUps.push(() => tap.close())
    const gatewayAddress = `${addresses.spare}:15008`
    const chain = await Chain.start({ gatewayAddress }, addresses, authority)
    cleanUps.push(() => chain.stop())
    const app = await AppServer.listen(addresses.server, 8080, (socket) => socket.pipe(socket))
    cleanUps.push(() => app.close())

    for (const opened of await openApps(chain, 5, 20)) {
      opened.socket.end()
      await once(opened.socket, 'close')
    }
    await expect.poll(async () => (await chain.gateway.flows()).flows[0]?.open).toBe(0)
    const types = tap.frames.map((frames) => frames.map((frame) => frame.type))
    expect(types).toHaveLength(1)
    expect(types[0]!.filter((type) => type === frameTypes.headers)).toHaveLength(20)
    expect(types[0]!.filter((type) => type === frameTypes.resetStream)).toHaveLength(0)
  })

  it(
    'that are reset move on to a new outer connection after 500, and disturb nobody',
    { timeout: 120_000 },
    async () => {
      const { chain, toServer } = await countedChain()
      const [bystander] = await openApps(chain, 4, 1)
      const worker = async () => {
        for (let i = 0; i < 80; i++) {
          const app = await AppClient.connect(chain.target(4))
          app.socket.write('x')
          await app.receive(1)
          app.socket.resetAndDestroy()
          await once(app.socket, 'close')
        }
      }
      await Promise.all(Array.from({ length: 8 }, worker))
      expect((await chain.clientZtunnel.flows()).failures).toEqual([])
      expect(toServer.connections).toBe(2)
      bystander!.socket.end('y')
      expect(await bystander!.ending).toBe('end')
      expect(bystander!.body.toString()).toBe('xy')
    },
  )
})

describe('a pool whose server says GOAWAY', () => {
  it('opens a new connection, and streams in flight finish on the old one', async () => {
    const authority = await createMeshAuthority(trustDomain)
    const [client, server] = await Promise.all([
      authority.issue(spiffe('client')),
      authority.issue(spiffe('server')),
    ])
    const sessions: ServerHttp2Session[] = []
    const http2 = createSecureServer({ cert: server.certPem, key: server.keyPem, ca: server.rootPem })
    http2.on('session', (session) => sessions.push(session))
    http2.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
    })
    http2.listen(0, '127.0.0.1')
    await once(http2, 'listening')
    cleanUps.push(() => http2.close())
    cleanUps.push(() => {
      for (const session of sessions) session.destroy()
    })

    const pool = new HbonePool(client)
    const { port } = http2.address() as AddressInfo
    const key = { address: `127.0.0.1:${port}`, serverSpiffe: [spiffe('server')], sourceIp: '127.0.0.1' }
    const early = await pool.openStream(key, 'a:1', {})
    const goodbye = once(early.session!, 'goaway')
    sessions[0]!.goaway()
    await goodbye
    const late = await pool.openStream(key, 'a:1', {})
    expect(sessions).toHaveLength(2)
    for (const stream of [early, late]) {
      stream.end('still here')
      expect(Buffer.concat(await stream.toArray()).toString()).toBe('still here')
    }
    late.session!.close()
  })
})
