import { once } from 'node:events'
import { connect, type ConnectionOptions } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { createMeshAuthority } from '../pki.ts'
import { AppClient } from './testing/app-client.ts'
import {
  Addresses,
  AppServer,
  Chain,
  spiffe,
  trustDomain,
  type ChainOptions,
  type Hops,
} from './testing/chain.ts'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

/** A chain with an application that must not see a single connection. */
async function chainWithApp(options: ChainOptions): Promise<{ chain: Chain; appConnections: () => number }> {
  const addresses = new Addresses()
  let connections = 0
  const app = await AppServer.listen(addresses.server, 8080, (socket) => {
    connections++
    socket.pipe(socket)
  })
  cleanUps.push(() => app.close())
  const chain = await Chain.start(options, addresses)
  cleanUps.push(() => chain.stop())
  return { chain, appConnections: () => connections }
}

async function endingOf(chain: Chain, hops: Hops): Promise<string> {
  const client = await AppClient.connect(chain.target(hops))
  client.socket.write('x')
  const ending = await client.ending
  client.close()
  return ending
}

async function reasons(component: Chain['clientZtunnel']): Promise<string[]> {
  return (await component.flows()).failures.map((failure) => failure.reason)
}

describe('the client', () => {
  it.each([4, 5, 6] as const)(
    'refuses a server that is somebody else and resets the application, %i components',
    async (hops) => {
      const { chain, appConnections } = await chainWithApp({ serverSpiffe: [spiffe('somebody-else')] })
      expect(await endingOf(chain, hops)).toBe('ECONNRESET')
      expect(await reasons(chain.clientZtunnel)).toEqual([
        `server is ${spiffe('server')}, expected ${spiffe('somebody-else')}`,
      ])
      expect(appConnections()).toBe(0)
    },
  )

  it('refuses a gateway that is somebody else', async () => {
    const { chain, appConnections } = await chainWithApp({ gatewaySpiffe: [spiffe('server')] })
    expect(await endingOf(chain, 5)).toBe('ECONNRESET')
    expect(await reasons(chain.clientZtunnel)).toEqual([
      `server is ${spiffe('gateway')}, expected ${spiffe('server')}`,
    ])
    expect((await chain.gateway.flows()).flows).toEqual([])
    expect(appConnections()).toBe(0)
  })
})

describe('the server', () => {
  it.each([4, 5] as const)('refuses a client of another trust domain, %i components', async (hops) => {
    const { chain, appConnections } = await chainWithApp({ serverTrustDomain: 'elsewhere.example' })
    expect(await endingOf(chain, hops)).toBe('ECONNRESET')
    expect((await chain.serverZtunnel.flows()).flows).toEqual([])
    expect(await reasons(chain.serverZtunnel)).toEqual([
      'client is not of the trust domain or did not choose h2',
    ])
    expect(appConnections()).toBe(0)
  })

  it.each([4, 5] as const)('refuses a client that another root vouches for, %i components', async (hops) => {
    const stranger = await (await createMeshAuthority(trustDomain)).issue(spiffe('client'))
    const authority = await createMeshAuthority(trustDomain)
    const clientIdentity = { ...stranger, rootPem: authority.rootPem }
    const addresses = new Addresses()
    const chain = await Chain.start({ clientIdentity }, addresses, authority)
    cleanUps.push(() => chain.stop())
    expect(await endingOf(chain, hops)).toBe('ECONNRESET')
    for (const component of [chain.serverZtunnel, chain.gateway]) {
      expect((await component.flows()).flows).toEqual([])
    }
  })

  it.each([4, 5] as const)('answers 401 to a client that is not on its list, %i components', async (hops) => {
    const { chain, appConnections } = await chainWithApp({
      inbound: { allowedSpiffe: [spiffe('only-this-one')] },
    })
    expect(await endingOf(chain, hops)).toBe('ECONNRESET')
    expect(await reasons(chain.clientZtunnel)).toEqual(['CONNECT answered 401'])
    expect(await reasons(chain.serverZtunnel)).toEqual([`${spiffe('client')} is not allowed`])
    expect((await chain.serverZtunnel.flows()).flows).toEqual([])
    expect(appConnections()).toBe(0)
    // Nor does the outer stream of the refused inner tunnel stay behind.
    const stillOpen = async () => (await chain.gateway.flows()).flows.map((flow) => flow.open)
    await expect.poll(stillOpen).toEqual(hops === 5 ? [0] : [])
  })

  it('answers 400 for another pod and 503 for a service that it does not know', async () => {
    const { chain } = await chainWithApp({ inbound: { targets: {} } })
    await endingOf(chain, 4)
    await endingOf(chain, 5)
    expect(await reasons(chain.clientZtunnel)).toEqual(['CONNECT answered 400', 'CONNECT answered 503'])
  })

  it('accepts a client on its list', async () => {
    const { chain, appConnections } = await chainWithApp({ inbound: { allowedSpiffe: [spiffe('client')] } })
    const client = await AppClient.connect(chain.target(4))
    client.socket.end('x')
    expect(await client.ending).toBe('end')
    expect(appConnections()).toBe(1)
  })
})

describe('the TLS of a server', () => {
  const dial = async (options: ConnectionOptions): Promise<string> => {
    const { chain } = await chainWithApp({})
    const { rootPem } = await chain.authority.issue(spiffe('client'))
    const socket = connect({
      host: chain.addresses.server,
      port: 15008,
      ca: rootPem,
      ALPNProtocols: ['h2'],
      checkServerIdentity: () => undefined,
      ...options,
    })
    cleanUps.push(() => socket.destroy())
    const received: Buffer[] = []
    socket.on('data', (part: Buffer) => received.push(part))
    const [error] = (await once(socket, 'error').catch((cause: unknown) => [cause])) as [
      NodeJS.ErrnoException,
    ]
    expect(Buffer.concat(received)).toHaveLength(0)
    return error.code ?? error.message
  }

  it('refuses a client without a certificate', async () => {
    expect(await dial({})).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')
  })

  it('refuses TLS 1.2', async () => {
    expect(await dial({ maxVersion: 'TLSv1.2' })).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
  })

  it('refuses a cipher that is not AES-GCM', async () => {
    // OpenSSL 3.5, in Node 24, names the alert without the SSLv3 of its ancestors.
    expect(await dial({ ciphers: 'TLS_CHACHA20_POLY1305_SHA256' })).toMatch(/ALERT_HANDSHAKE_FAILURE$/)
  })

  it('refuses a client that speaks something else than h2', async () => {
    expect(await dial({ ALPNProtocols: ['http/1.1'] })).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
  })
})
