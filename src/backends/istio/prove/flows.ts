import { flowKey, type Flow } from '../../../evidence/flow.ts'
import { hostOf } from '../../../evidence/reading.ts'
import { hbonePort } from '../../../plan/names.ts'
import { spiffeId } from '../../../plan/spiffe.ts'
import type { AccessLine } from '../../../evidence/ztunnel/access-log.ts'
import { asProtocol, closedFlow as flowOfLine } from '../../../evidence/ztunnel/closed-flow.ts'
import type { OpenConnection } from '../../../evidence/ztunnel/ztunnel-dump.ts'
import type { CountedBytes } from '../../../evidence/ztunnel/ztunnel-metrics.ts'
import { portOf, type MeshView } from './mesh-view.ts'

/** What one ztunnel told, up to one reading. */
export interface ZtunnelState {
  readonly cluster: string
  /** Flows of closed connections since the watch began. */
  readonly closed: readonly Flow[]
  readonly open: readonly OpenConnection[]
  /** Its byte counters, which count open connections, too. */
  readonly bytes: readonly CountedBytes[]
}

/** What a closed connection was. */
export function closedFlow(view: MeshView, cluster: string, line: AccessLine): Flow {
  const requested = (host: string, address: string) => view.target(cluster, host, portOf(address))
  return flowOfLine(line, { requested, portOf })
}

/** An open connection as flows: one per client that it can belong to. */
export function openFlows(
  view: MeshView,
  cluster: string,
  connection: OpenConnection,
  clientsOf: (gateway: string) => readonly string[],
): readonly Flow[] {
  const { direction, actualDst, namespace, serviceAccount } = connection
  const source = hostOf(connection.src)
  const counts = { connections: 1, open: 1 }
  const protocol = asProtocol(connection.protocol)
  if (direction === 'outbound') {
    const requested = view.target(cluster, hostOf(connection.originalDst), portOf(connection.originalDst))
    const identity =
      serviceAccount === undefined || protocol === 'TCP'
        ? {}
        : { sourceIdentity: spiffeId(namespace, serviceAccount) }
    return [{ direction, protocol, source, ...identity, requested, upstream: actualDst, ...counts }]
  }
  const gateway = view.gatewayOf(source)
  const own = view.identityOf(source)
  const identities = gateway === undefined ? (own === undefined ? [] : [own]) : clientsOf(gateway)
  const base = { direction, protocol, source, upstream: actualDst, ...counts }
  return identities.length === 0 ? [base] : identities.map((sourceIdentity) => ({ ...base, sourceIdentity }))
}

/** Adds up flows that differ in the number of connections only. */
export function sumFlows(flows: readonly Flow[]): readonly Flow[] {
  const sums = new Map<string, Flow>()
  for (const flow of flows) {
    const key = flowKey(flow)
    const sum = sums.get(key)
    sums.set(key, sum ? addFlow(sum, flow) : flow)
  }
  return [...sums.values()]
}

export function addFlow(a: Flow, b: Flow): Flow {
  return { ...a, connections: a.connections + b.connections, open: a.open + b.open }
}

/** All flows of one ztunnel: what it closed and what it carries now. */
export function ztunnelFlows(
  view: MeshView,
  { cluster, closed, open, bytes }: ZtunnelState,
  clientsOf: (gateway: string) => readonly string[],
): readonly Flow[] {
  const carried = open.flatMap((connection) => openFlows(view, cluster, connection, clientsOf))
  const flows = sumFlows([...closed, ...carried])
  const ends = (flow: Flow) => JSON.stringify(endsOf(flow))
  const ways = new Map<string, Flow[]>()
  for (const flow of flows) ways.set(ends(flow), [...(ways.get(ends(flow)) ?? []), flow])
  return flows.map((flow) => {
    // Counters know client and service, not the way: they belong to a flow only where there was one way.
    const alike = ways.get(ends(flow)) ?? []
    const counted = isOneWay(view, alike) ? bytes.filter((c) => belongs(view, cluster, flow, c)) : []
    if (counted.length === 0) return flow
    const sum = (pick: (c: CountedBytes) => number) => counted.reduce((total, c) => total + pick(c), 0)
    const [up, down] = [sum((c) => c.bytesUp), sum((c) => c.bytesDown)]
    return alike.length === 1
      ? { ...flow, bytesUp: up, bytesDown: down }
      : { ...flow, sharedBytesUp: up, sharedBytesDown: down }
  })
}

/** Several pods of one client go one way, although each is a flow of its own. */
function isOneWay(view: MeshView, [first, ...others]: readonly Flow[]): boolean {
  const isOfClient = ({ source, sourceIdentity }: Flow) => view.identityOf(source) === sourceIdentity
  return others.every(
    (flow) =>
      first !== undefined &&
      flow.protocol === first.protocol &&
      flow.upstream === first.upstream &&
      isOfClient(flow) &&
      isOfClient(first),
  )
}

function endsOf({ direction, sourceIdentity, requested, upstream }: Flow): readonly unknown[] {
  return [direction, sourceIdentity, direction === 'outbound' ? requested : upstream]
}

function belongs(view: MeshView, cluster: string, flow: Flow, counted: CountedBytes): boolean {
  if (flow.sourceIdentity !== counted.sourceIdentity) return false
  if (flow.direction === 'outbound') {
    const { requested = '' } = flow
    return (
      counted.reporter === 'source' && view.target(cluster, counted.service, portOf(requested)) === requested
    )
  }
  return (
    counted.reporter === 'destination' &&
    counted.destinationIdentity === view.identityOf(hostOf(flow.upstream))
  )
}

/**
 * Clients that have a connection open through a gateway of a network: the server's ztunnel tells of an open connection
 * only that it comes from the gateway's pod.
 */
export function openClients(
  states: readonly ZtunnelState[],
  publishedBy: (ip: string) => string | undefined,
) {
  const clients = new Map<string, Set<string>>()
  for (const { open } of states) {
    for (const { direction, protocol, actualDst, namespace, serviceAccount } of open) {
      if (direction !== 'outbound' || protocol !== 'DOUBLEHBONE' || serviceAccount === undefined) continue
      const gateway = publishedBy(hostOf(actualDst))
      if (gateway === undefined) continue
      const found = clients.get(gateway) ?? new Set<string>()
      clients.set(gateway, found.add(spiffeId(namespace, serviceAccount)))
    }
  }
  return (gateway: string): readonly string[] => [...(clients.get(gateway) ?? [])]
}

/**
 * What a gateway forwarded. Envoy counts connections per server but does not see who the client is, as the inner
 * tunnel is closed to it; the server's ztunnel does, and sees that the connection came from the gateway's pod. A flow
 * needs both.
 */
export function gatewayFlows(
  view: MeshView,
  gateway: string,
  inbound: readonly Flow[],
  counted: (address: string) => boolean,
): readonly Flow[] {
  const forwarded = inbound
    .filter(({ direction, source }) => direction === 'inbound' && view.gatewayOf(source) === gateway)
    .map((flow): Flow => {
      return {
        direction: 'forward',
        protocol: 'DOUBLEHBONE',
        source: flow.source,
        ...(flow.sourceIdentity === undefined ? {} : { sourceIdentity: flow.sourceIdentity }),
        upstream: `${hostOf(flow.upstream)}:${hbonePort}`,
        connections: flow.connections,
        open: flow.open,
      }
    })
  return sumFlows(forwarded).filter(({ upstream }) => counted(upstream))
}
