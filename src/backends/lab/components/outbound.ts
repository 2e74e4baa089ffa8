import type { ClientHttp2Stream } from 'node:http2'
import { createServer, type Socket } from 'node:net'
import { connectHeaders, workloadBaggage } from './connect-headers.ts'
import type { FlowTable } from './flow-table.ts'
import { HbonePool } from './hbone-pool.ts'
import { openInnerTunnel } from './inner-tunnel.ts'
import { listen } from './listen.ts'
import type { OutboundService, ZtunnelConfig } from './protocol.ts'
import { relay, reset } from './relay.ts'

/**
 * The client side of ztunnel: takes application connections that the kernel redirected and carries each through
 * HBONE, or double HBONE when the service is on another network. One port per service tells which was dialled.
 * @throws the listen error.
 */
export async function startOutbound(
  config: ZtunnelConfig,
  outbound: NonNullable<ZtunnelConfig['outbound']>,
  flows: FlowTable,
): Promise<void> {
  const { identity } = outbound
  const pool = new HbonePool(identity)
  const baggage = workloadBaggage(identity.spiffe, config.name)

  async function openTunnel(app: Socket, service: OutboundService): Promise<ClientHttp2Stream> {
    const { upstream, serviceAuthority } = service
    const headers = connectHeaders(app, serviceAuthority, baggage)
    const key = { address: upstream.address, sourceIp: app.remoteAddress ?? '' }
    if (upstream.protocol === 'HBONE') {
      return await pool.openStream(
        { ...key, serverSpiffe: upstream.serverSpiffe },
        upstream.authority,
        headers,
      )
    }
    const { gatewaySpiffe, serverSpiffe, network } = upstream
    const outer = await pool.openStream({ ...key, serverSpiffe: gatewaySpiffe }, serviceAuthority, headers)
    const innerHeaders = { ...headers, 'x-forwarded-network': network }
    return await openInnerTunnel(outer, identity, serverSpiffe, serviceAuthority, innerHeaders)
  }

  async function carry(app: Socket, service: OutboundService): Promise<void> {
    const { protocol, address } = service.upstream
    const key = {
      direction: 'outbound' as const,
      source: app.remoteAddress ?? 'unknown',
      requested: service.vip,
      upstream: address,
    }
    try {
      const stream = await openTunnel(app, service)
      relay(app, stream, flows.open({ ...key, protocol }))
    } catch (error) {
      flows.fail(key, error)
      reset(app)
    }
  }

  for (const service of outbound.services) {
    const onConnection = (app: Socket) => {
      app.on('error', () => {}) // also shows as `close`
      void carry(app, service)
    }
    // The kernel redirects to loopback within the pod, or to the pod address from another namespace of the node.
    for (const host of ['127.0.0.1', config.podIp]) {
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, onConnection)
      await listen(server, `${host}:${service.capturePort}`)
    }
  }
}
