import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { LoadBalancerConfig } from './protocol.ts'
import { AppClient } from './testing/app-client.ts'
import { Addresses, AppServer, Chain } from './testing/chain.ts'
import { ComponentProcess } from './testing/component-process.ts'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

async function startChain(): Promise<Chain> {
  const chain = await Chain.start()
  cleanUps.push(() => chain.stop())
  return chain
}

describe('an application that is down', () => {
  it.each([4, 5, 6] as const)(
    'makes CONNECT fail and the client see a reset, %i components',
    async (hops) => {
      const chain = await startChain()
      const client = await AppClient.connect(chain.target(hops))
      expect(await client.ending).toBe('ECONNRESET')
      const { flows, failures } = await chain.clientZtunnel.flows()
      expect(flows).toEqual([])
      expect(failures).toMatchObject([{ reason: 'CONNECT answered 503', count: 1 }])
      expect((await chain.serverZtunnel.flows()).failures).toMatchObject([
        { reason: 'ECONNREFUSED', upstream: `${chain.addresses.server}:8080`, count: 1 },
      ])
    },
  )
})

describe('a reset', () => {
  it.each([4, 5, 6] as const)('of the client reaches the server, %i components', async (hops) => {
    const chain = await startChain()
    let ending: Promise<string> | undefined
    const app = await AppServer.listen(chain.addresses.server, 8080, (socket) => {
      ending = once(socket, 'end').then(
        () => 'end',
        (error: NodeJS.ErrnoException) => error.code ?? 'error',
      )
      socket.pipe(socket)
    })
    cleanUps.push(() => app.close())
    const client = await AppClient.connect(chain.target(hops))
    client.socket.write('x')
    await client.receive(1)
    client.socket.resetAndDestroy()
    expect(await ending).toBe('ECONNRESET')
    await expect.poll(async () => (await chain.clientZtunnel.flows()).flows[0]?.open).toBe(0)
  })

  it.each([4, 5, 6] as const)('of the server reaches the client, %i components', async (hops) => {
    const chain = await startChain()
    const app = await AppServer.listen(chain.addresses.server, 8080, (socket) => {
      socket.once('data', () => socket.resetAndDestroy())
    })
    cleanUps.push(() => app.close())
    const client = await AppClient.connect(chain.target(hops))
    client.socket.write('x')
    expect(await client.ending).toBe('ECONNRESET')
  })
})

describe('a component that dies in the middle', () => {
  it.each([
    [4, 'serverZtunnel'],
    [5, 'gateway'],
    [6, 'gateway'],
    [6, 'loadBalancer'],
    [6, 'serverZtunnel'],
  ] as const)('resets the client, and a later connection fails: %i components, %s', async (hops, victim) => {
    const chain = await startChain()
    const app = await AppServer.listen(chain.addresses.server, 8080, (socket) => socket.pipe(socket))
    cleanUps.push(() => app.close())
    const client = await AppClient.connect(chain.target(hops))
    client.socket.write('hello')
    await client.receive(5)
    await chain[victim].kill()
    expect(await client.ending).toBe('ECONNRESET')
    const later = await AppClient.connect(chain.target(hops))
    expect(await later.ending).toBe('ECONNRESET')
    const { flows } = await chain.clientZtunnel.flows()
    expect(flows).toMatchObject([{ connections: 1, open: 0 }])
  })
})

describe('the program', () => {
  const config = (): LoadBalancerConfig => {
    const { spare } = new Addresses()
    return { role: 'load-balancer', name: 'lb', listen: `${spare}:15008`, upstream: `${spare}:1` }
  }

  it('ends with its input', async () => {
    const component = await ComponentProcess.start(config())
    component.process.stdin.end()
    await expect(component.process.done).resolves.toBeUndefined()
  })

  it('ends with SIGTERM, but not with the SIGINT that Ctrl-C sends to everyone', async () => {
    const component = await ComponentProcess.start(config())
    component.process.kill('SIGINT')
    expect((await component.flows()).flows).toEqual([])
    component.process.kill('SIGTERM')
    await expect(component.process.done).resolves.toBeUndefined()
  })

  it('says what is wrong and exits with 1 when it cannot listen', async () => {
    const wanted = config()
    const occupant = createServer().listen(15008, wanted.listen.split(':')[0])
    await once(occupant, 'listening')
    cleanUps.push(() => occupant.close())
    await expect(ComponentProcess.start(wanted)).rejects.toThrow(/EADDRINUSE/)
  })
})
