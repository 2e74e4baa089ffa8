import { createServer, type Server, type Socket } from 'node:net'
import { createMeshAuthority, type MeshAuthority } from '../../pki.ts'
import type { Identity, OutboundService, ZtunnelConfig } from '../protocol.ts'
import { ComponentProcess } from './component-process.ts'

export const trustDomain = 'cluster.local'
export const serviceAuthority = 'server.hopmeter.svc.cluster.local:8080'

export const spiffe = (serviceAccount: string) => `spiffe://${trustDomain}/ns/hopmeter/sa/${serviceAccount}`

/** Which way the client's ztunnel sends the bytes; the number counts both pods. */
export type Hops = 4 | 5 | 6

export interface ChainOptions {
  readonly inbound?: Partial<NonNullable<ZtunnelConfig['inbound']>>
  readonly serverTrustDomain?: string
  readonly clientIdentity?: Identity
  readonly serverSpiffe?: readonly string[]
  readonly gatewaySpiffe?: readonly string[]
  /** What `podIP:15008` of the server is for those who dial it; a test may put a counter in between. */
  readonly serverHboneAddress?: string
  /** Where the client's ztunnel takes the gateway to be; the same. */
  readonly gatewayAddress?: string
}

/** Addresses in 127/8 that no other test uses, one host each. */
export class Addresses {
  private readonly prefix = `127.${16 + random(200)}.${random(256)}`
  readonly client = `${this.prefix}.11`
  readonly server = `${this.prefix}.12`
  readonly gateway = `${this.prefix}.13`
  readonly loadBalancer = `${this.prefix}.14`
  readonly spare = `${this.prefix}.15`
  /** Shared by all tests on 127.0.0.1, below the ports that the kernel hands out. */
  readonly capturePort = 10_000 + random(22_000)
}

function random(below: number): number {
  return Math.floor(Math.random() * below)
}

/**
 * Real component processes on loopback addresses, in the arrangement of every path at once: the client's ztunnel
 * has one captured port for each number of hops. `stop` ends all of them.
 */
export class Chain {
  readonly addresses: Addresses
  readonly authority: MeshAuthority
  readonly clientZtunnel: ComponentProcess
  readonly serverZtunnel: ComponentProcess
  readonly gateway: ComponentProcess
  readonly loadBalancer: ComponentProcess

  private constructor(
    addresses: Addresses,
    authority: MeshAuthority,
    processes: readonly ComponentProcess[],
  ) {
    this.addresses = addresses
    this.authority = authority
    ;[this.serverZtunnel, this.gateway, this.loadBalancer, this.clientZtunnel] = processes as [
      ComponentProcess,
      ComponentProcess,
      ComponentProcess,
      ComponentProcess,
    ]
  }

  static async start(
    options: ChainOptions = {},
    addresses = new Addresses(),
    known?: MeshAuthority,
  ): Promise<Chain> {
    const authority = known ?? (await createMeshAuthority(trustDomain))
    const [client, server, gateway] = await Promise.all(
      ['client', 'server', 'gateway'].map((name) => authority.issue(spiffe(name))),
    )
    const app = `${addresses.server}:8080`
    const hbone = options.serverHboneAddress ?? `${addresses.server}:15008`
    const started = await Promise.allSettled([
      ComponentProcess.start({
        role: 'ztunnel',
        name: 'server-pod',
        podIp: addresses.server,
        trustDomain: options.serverTrustDomain ?? trustDomain,
        inbound: {
          identity: server!,
          targets: { [app]: app, [serviceAuthority]: app },
          allowedSpiffe: [],
          ...options.inbound,
        },
      }),
      ComponentProcess.start({
        role: 'gateway',
        name: 'gateway',
        listen: `${addresses.gateway}:15008`,
        trustDomain,
        identity: gateway!,
        targets: { [serviceAuthority]: hbone },
      }),
      ComponentProcess.start({
        role: 'load-balancer',
        name: 'load-balancer',
        listen: `${addresses.loadBalancer}:15008`,
        upstream: `${addresses.gateway}:15008`,
      }),
      ComponentProcess.start({
        role: 'ztunnel',
        name: 'client-pod',
        podIp: addresses.client,
        trustDomain,
        outbound: {
          identity: options.clientIdentity ?? client!,
          services: services(addresses, app, hbone, options),
        },
      }),
    ])
    const processes = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const failed = started.find((result) => result.status === 'rejected')
    if (failed) {
      await Promise.all(processes.map((p) => p.stop()))
      throw failed.reason
    }
    return new Chain(addresses, authority, processes)
  }

  /** Where an application dials to take a path of so many hops. */
  target(hops: Hops): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.addresses.capturePort + hops }
  }

  async stop(): Promise<void> {
    const all = [this.clientZtunnel, this.serverZtunnel, this.gateway, this.loadBalancer]
    await Promise.all(all.map((component) => component.stop()))
  }
}

function services(
  addresses: Addresses,
  app: string,
  hbone: string,
  options: ChainOptions,
): readonly OutboundService[] {
  const serverSpiffe = options.serverSpiffe ?? [spiffe('server')]
  const gatewaySpiffe = options.gatewaySpiffe ?? [spiffe('gateway')]
  const service = (hops: Hops, upstream: OutboundService['upstream']): OutboundService => ({
    vip: `10.96.0.${hops}:8080`,
    capturePort: addresses.capturePort + hops,
    serviceAuthority,
    upstream,
  })
  const across = (address: string) =>
    ({ protocol: 'DOUBLEHBONE', address, gatewaySpiffe, serverSpiffe, network: 'network-1' }) as const
  return [
    service(4, { protocol: 'HBONE', address: hbone, authority: app, serverSpiffe }),
    service(5, across(options.gatewayAddress ?? `${addresses.gateway}:15008`)),
    service(6, across(`${addresses.loadBalancer}:15008`)),
  ]
}

/** A TCP server on `host:port` of the test; `close` also ends its connections. */
export class AppServer {
  readonly sockets = new Set<Socket>()
  private readonly server: Server

  private constructor(onConnection: (socket: Socket) => void) {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => this.sockets.delete(socket))
      onConnection(socket)
    })
  }

  static async listen(
    host: string,
    port: number,
    onConnection: (socket: Socket) => void,
  ): Promise<AppServer> {
    const app = new AppServer(onConnection)
    await new Promise<void>((resolve, reject) => {
      app.server.once('error', reject)
      app.server.listen(port, host, resolve)
    })
    return app
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
