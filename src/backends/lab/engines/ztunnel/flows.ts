import type { Flow } from '../../../../evidence/flow.ts'
import { hostOf, splitAddress } from '../../../../evidence/reading.ts'
import type { AccessLine } from '../../../../evidence/ztunnel/access-log.ts'
import {
  asProtocol,
  closedFlow as flowOfLine,
  type Carried,
} from '../../../../evidence/ztunnel/closed-flow.ts'
import { spiffeId } from '../../../../plan/spiffe.ts'
import type { OpenConnection } from '../../../../evidence/ztunnel/ztunnel-dump.ts'
import type { CountedBytes } from '../../../../evidence/ztunnel/ztunnel-metrics.ts'

/** What the addresses and names in a ztunnel's words mean. */
export interface ZtunnelView {
  readonly trustDomain: string
  /** `ip:port` that clients of the cluster dial, by host name of the service. */
  readonly vips: ReadonlyMap<string, string>
  /** SPIFFE id of the pod with that address. */
  readonly identities: ReadonlyMap<string, string>
}

/** A connection that is over. */
export function closedFlow(view: ZtunnelView, line: AccessLine): Carried {
  return flowOfLine(line, { requested: (host, address) => vipOf(view, host, address), portOf })
}

/**
 * A connection that is carried now, once for each client that it can be of: inbound a ztunnel tells only where it
 * comes from. That is a pod, or a gateway's end of a connection, and gateways tell whose connection that is.
 */
export function openFlows(
  view: ZtunnelView,
  connection: OpenConnection,
  forwarded: readonly Flow[],
): readonly Carried[] {
  const { direction, namespace, serviceAccount, src, originalDst, actualDst, protocol } = connection
  const base = { direction, protocol: asProtocol(protocol), source: hostOf(src), connections: 1, open: 1 }
  if (direction === 'outbound') {
    const identity =
      serviceAccount === undefined || base.protocol === 'TCP'
        ? {}
        : { sourceIdentity: spiffeId(namespace, serviceAccount, view.trustDomain) }
    return [
      { ...base, ...identity, requested: vipOf(view, hostOf(originalDst), originalDst), upstream: actualDst },
    ]
  }
  const clients = clientsOf(view, src, actualDst, forwarded)
  const inbound = { ...base, upstream: actualDst }
  return clients.length === 0 ? [inbound] : clients.map((sourceIdentity) => ({ ...inbound, sourceIdentity }))
}

function clientsOf(
  view: ZtunnelView,
  src: string,
  actualDst: string,
  forwarded: readonly Flow[],
): readonly string[] {
  const pod = view.identities.get(hostOf(src))
  if (pod !== undefined) return [pod]
  const exact = forwarded.filter(({ upstreamSources }) => upstreamSources?.includes(src))
  const able =
    exact.length > 0
      ? exact
      : forwarded.filter(({ open, upstream }) => open > 0 && hostOf(upstream) === hostOf(actualDst))
  return [...new Set(able.flatMap(({ sourceIdentity }) => sourceIdentity ?? []))]
}

/** Adds up flows, and gives each the bytes that were counted between its client and its service or server. */
export function countedFlows(
  view: ZtunnelView,
  carried: readonly Carried[],
  bytes: readonly CountedBytes[],
): readonly Flow[] {
  const sums = new Map<string, Carried>()
  for (const flow of carried) {
    const key = JSON.stringify([flow.protocol, flow.source, flow.upstream, endsOf(flow)])
    const sum = sums.get(key)
    const { connections, open } = flow
    sums.set(key, sum ? { ...sum, connections: sum.connections + connections, open: sum.open + open } : flow)
  }
  const flows = [...sums.values()]
  return flows.map((flow): Flow => {
    const counted = bytes.filter((count) => isOf(view, flow, count))
    if (counted.length === 0) return flow
    const up = counted.reduce((sum, { bytesUp }) => sum + bytesUp, 0)
    const down = counted.reduce((sum, { bytesDown }) => sum + bytesDown, 0)
    // Counters know both ends, not the way: where there were several ways, each may have had any part of them.
    const isAlone = flows.filter((other) => endsOf(other) === endsOf(flow)).length === 1
    return isAlone
      ? { ...flow, bytesUp: up, bytesDown: down }
      : { ...flow, sharedBytesUp: up, sharedBytesDown: down }
  })
}

function endsOf({ direction, sourceIdentity, requested, upstream }: Carried): string {
  return JSON.stringify([direction, sourceIdentity, direction === 'outbound' ? requested : upstream])
}

function isOf(view: ZtunnelView, flow: Carried, counted: CountedBytes): boolean {
  if (flow.sourceIdentity !== counted.sourceIdentity) return false
  return flow.direction === 'outbound'
    ? counted.reporter === 'source' && view.vips.get(counted.service) === flow.requested
    : counted.reporter === 'destination' &&
        counted.destinationIdentity === view.identities.get(hostOf(flow.upstream))
}

function vipOf(view: ZtunnelView, host: string, address: string): string {
  return view.vips.get(host) ?? `${host}:${portOf(address)}`
}

function portOf(address: string): number {
  return splitAddress(address)?.port ?? 0
}
