import { workloadBaggage } from './connect-headers.ts'
import type { FlowTable } from './flow-table.ts'
import { forwardConnect } from './forward.ts'
import { refuse, serveHbone, type ConnectRequest } from './hbone-server.ts'
import type { ZtunnelConfig } from './protocol.ts'
import { ztunnelMaxConcurrentStreams } from './wire.ts'
import { hbonePort } from '../../../plan/names.ts'

/**
 * The server side of ztunnel: ends HBONE (or the inner tunnel of double HBONE, which looks the same from here) and
 * connects to the application of its pod.
 * @throws the listen error.
 */
export async function startInbound(
  config: ZtunnelConfig,
  inbound: NonNullable<ZtunnelConfig['inbound']>,
  flows: FlowTable,
): Promise<void> {
  const { identity, allowedSpiffe } = inbound
  const targets = new Map(Object.entries(inbound.targets))
  const headers = { baggage: workloadBaggage(identity.spiffe, config.name) }

  function onConnect(request: ConnectRequest): void {
    const { stream, authority, sourceIp: source, sourceIdentity } = request
    const target = targets.get(authority)
    if (target === undefined) {
      flows.fail({ direction: 'inbound', source, requested: authority }, 'not a service of this pod')
      refuse(stream, unknownStatus(authority))
    } else if (allowedSpiffe.length > 0 && !allowedSpiffe.includes(sourceIdentity)) {
      flows.fail({ direction: 'inbound', source, requested: authority }, `${sourceIdentity} is not allowed`)
      refuse(stream, 401)
    } else {
      void forwardConnect(request, 'inbound', target, flows, headers)
    }
  }

  await serveHbone({
    address: `${config.podIp}:${hbonePort}`,
    identity,
    trustDomain: config.trustDomain,
    maxConcurrentStreams: ztunnelMaxConcurrentStreams,
    onConnect,
    onRefused: (source, reason) => flows.fail({ direction: 'inbound', source }, reason),
  })
}

/** ztunnel's answers: 400 when it is not a CONNECT or names another pod, 503 for a service it does not know. */
function unknownStatus(authority: string): number {
  return authority === '' || /^[\d.]+:\d+$/.test(authority) ? 400 : 503
}
