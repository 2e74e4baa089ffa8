import type { FlowTable } from './flow-table.ts'
import { forwardConnect } from './forward.ts'
import { refuse, serveHbone, type ConnectRequest } from './hbone-server.ts'
import type { GatewayConfig } from './protocol.ts'
import { gatewayMaxConcurrentStreams } from './wire.ts'

/**
 * The east-west gateway: ends the outer tunnel and forwards what is inside, which it cannot read, to the HBONE port
 * of a pod of the service that the CONNECT names. Any client of the trust domain may use it, as with Istio's.
 * @throws the listen error.
 */
export async function startGateway(config: GatewayConfig, flows: FlowTable): Promise<void> {
  const targets = new Map(Object.entries(config.targets))

  function onConnect(request: ConnectRequest): void {
    const { stream, authority, sourceIp: source } = request
    const target = targets.get(authority)
    if (target === undefined) {
      flows.fail({ direction: 'forward', source, requested: authority }, 'no such service')
      refuse(stream, authority === '' ? 400 : 503)
    } else {
      void forwardConnect(request, 'forward', target, flows, {})
    }
  }

  await serveHbone({
    address: config.listen,
    identity: config.identity,
    trustDomain: config.trustDomain,
    maxConcurrentStreams: gatewayMaxConcurrentStreams,
    onConnect,
    onRefused: (source, reason) => flows.fail({ direction: 'forward', source }, reason),
  })
}
