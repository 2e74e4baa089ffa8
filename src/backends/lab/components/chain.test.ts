import { createCipheriv } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppClient } from './testing/app-client.ts'
import { AppServer, Chain, type Hops } from './testing/chain.ts'

const everyPath: readonly Hops[] = [4, 5, 6]

let chain: Chain

beforeAll(async () => {
  chain = await Chain.start()
})
afterAll(async () => {
  await chain?.stop()
})

/** Runs an application server at the end of every path for the time of `body`. */
async function withApp(
  onConnection: Parameters<typeof AppServer.listen>[2],
  body: (app: AppServer) => Promise<void>,
): Promise<void> {
  const app = await AppServer.listen(chain.addresses.server, 8080, onConnection)
  try {
    await body(app)
  } finally {
    await app.close()
  }
}

/** Bytes that look random and follow from a seed, quickly. */
function noise(bytes: number, seed: number): Buffer {
  const iv = Buffer.alloc(16)
  iv.writeUInt32BE(seed)
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), iv).update(Buffer.alloc(bytes))
}

describe.each(everyPath)('a path of %i components', (hops) => {
  it('carries bytes both ways unchanged, whatever their number and chunks', async () => {
    const size = fc.oneof(
      fc.constantFrom(0, 1, 16_384, 5_000_000),
      fc.integer({ min: 0, max: 200_000 }),
      fc.integer({ min: 200_000, max: 5_000_000 }),
    )
    const chunk = fc.constantFrom(1_000, 65_536, 1_000_000)
    await withApp(
      (socket) => socket.pipe(socket),
      async () => {
        await fc.assert(
          fc.asyncProperty(size, chunk, fc.nat(), async (bytes, chunkBytes, seed) => {
            const data = noise(bytes, seed)
            const client = await AppClient.connect(chain.target(hops))
            try {
              await client.send(data, chunkBytes)
              client.socket.end()
              expect(await client.ending).toBe('end')
              expect(client.body.equals(data)).toBe(true)
            } finally {
              client.close()
            }
          }),
          {
            numRuns: 15,
            examples: [
              [0, 1_000, 1],
              [5_000_000, 65_536, 2],
            ],
          },
        )
      },
    )
  })

  it('lets the server answer after the client has closed its half', async () => {
    await withApp(
      (socket) => {
        let got = 0
        socket.on('data', (part: Buffer) => (got += part.length))
        socket.once('end', () => setTimeout(() => socket.end(`got ${got}`), 50))
      },
      async () => {
        const client = await AppClient.connect(chain.target(hops))
        client.socket.end(noise(100_000, 1))
        expect(await client.ending).toBe('end')
        expect(client.body.toString()).toBe('got 100000')
      },
    )
  })

  it('lets the client go on after the server has closed its half', async () => {
    const received: Buffer[] = []
    let serverDone: (() => void) | undefined
    const allReceived = new Promise<void>((resolve) => (serverDone = resolve))
    await withApp(
      (socket) => {
        socket.end('bye')
        socket.on('data', (part: Buffer) => received.push(part))
        socket.once('end', () => serverDone?.())
      },
      async () => {
        const client = await AppClient.connect(chain.target(hops))
        expect(await client.ending).toBe('end')
        expect(client.body.toString()).toBe('bye')
        const data = noise(300_000, 2)
        await client.send(data)
        client.socket.end()
        await allReceived
        expect(Buffer.concat(received).equals(data)).toBe(true)
      },
    )
  })

  it('holds a fast sender back while the receiver does not read, and loses nothing', async () => {
    const total = 100_000_000
    const block = noise(1_000_000, 3)
    let written = 0
    await withApp(
      (socket) => {
        const more = () => {
          while (written < total) {
            written += block.length
            if (socket.write(block)) continue
            socket.once('drain', more)
            return
          }
          socket.end()
        }
        socket.once('data', more)
      },
      async () => {
        const client = await AppClient.connect(chain.target(hops))
        client.socket.write('go')
        client.socket.pause()
        const stalledAt = await standstill(() => written)
        // Per hop at most a 4 MiB window, user-space buffers and kernel socket buffers.
        expect(stalledAt).toBeLessThan(60_000_000)
        for (const component of [chain.clientZtunnel, chain.gateway, chain.serverZtunnel]) {
          expect(await residentBytes(component.process.pid!)).toBeLessThan(250_000_000)
        }
        let received = 0
        client.socket.removeAllListeners('data')
        client.socket.on('data', (part: Buffer) => (received += part.length))
        client.socket.resume()
        expect(await client.ending).toBe('end')
        expect(received).toBe(total)
        client.close()
      },
    )
  })
})

/** The value once it has not changed for half a second. */
async function standstill(read: () => number): Promise<number> {
  for (;;) {
    const before = read()
    await new Promise((resolve) => setTimeout(resolve, 500))
    if (before > 0 && read() === before) return before
  }
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

describe('flows', () => {
  it('count connections and bytes exactly, and name addresses and identities', async () => {
    const fresh = await Chain.start()
    const { client, server, gateway, loadBalancer } = fresh.addresses
    const app = await AppServer.listen(server, 8080, (socket) => socket.pipe(socket))
    try {
      const open = await AppClient.connect(fresh.target(6))
      open.socket.write(noise(1_000, 1))
      await open.receive(1_000)
      for (const bytes of [10, 20_000]) {
        const done = await AppClient.connect(fresh.target(4))
        done.socket.end(noise(bytes, 1))
        await done.ending
        done.close()
      }
      const flowsOf = async (component: 'clientZtunnel' | 'serverZtunnel' | 'gateway' | 'loadBalancer') =>
        (await fresh[component].flows()).flows
      const carried = { connections: 2, open: 0, bytesUp: 20_010, bytesDown: 20_010 }
      const carrying = { connections: 1, open: 1, bytesUp: 1_000, bytesDown: 1_000 }
      const sourceIdentity = 'spiffe://cluster.local/ns/hopmeter/sa/client'
      const service = 'server.hopmeter.svc.cluster.local:8080'

      expect(client).not.toBe('127.0.0.1')
      expect(await flowsOf('clientZtunnel')).toEqual([
        {
          direction: 'outbound',
          protocol: 'DOUBLEHBONE',
          source: '127.0.0.1',
          requested: '10.96.0.6:8080',
          upstream: `${loadBalancer}:15008`,
          ...carrying,
        },
        {
          direction: 'outbound',
          protocol: 'HBONE',
          source: '127.0.0.1',
          requested: '10.96.0.4:8080',
          upstream: `${server}:15008`,
          ...carried,
        },
      ])
      const inbound = { direction: 'inbound', protocol: 'HBONE', source: '127.0.0.1', sourceIdentity }
      expect(await flowsOf('serverZtunnel')).toEqual([
        { ...inbound, requested: service, upstream: `${server}:8080`, ...carrying },
        { ...inbound, requested: `${server}:8080`, upstream: `${server}:8080`, ...carried },
      ])
      // Gateway and load balancer carry TLS inside TLS: more bytes than the application sent.
      const [throughGateway, ...noOther] = await flowsOf('gateway')
      expect(noOther).toEqual([])
      expect(throughGateway).toMatchObject({
        direction: 'forward',
        protocol: 'HBONE',
        sourceIdentity,
        requested: service,
        upstream: `${server}:15008`,
        connections: 1,
        open: 1,
      })
      expect(throughGateway?.bytesUp).toBeGreaterThan(1_000)
      const [throughBalancer] = await flowsOf('loadBalancer')
      expect(throughBalancer).toMatchObject({
        direction: 'forward',
        protocol: 'TCP',
        upstream: `${gateway}:15008`,
        connections: 1,
        open: 1,
      })
      expect(throughBalancer?.bytesUp).toBeGreaterThan(throughGateway!.bytesUp!)
      open.close()
    } finally {
      await app.close()
      await fresh.stop()
    }
  })
})
