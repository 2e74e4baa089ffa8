import { isComponent } from './load-balancers.ts'
import type {
  Cluster,
  Component,
  NoPathCode,
  PathEnds,
  PathRuleResult,
  Placement,
  Protocol,
  Topology,
} from './model.ts'

type NoPath = Extract<PathRuleResult, { possible: false }>

/**
 * The heart of hopmeter: which components does a request from `client` to `server` visit?
 * Same node 3, same cluster 4, other cluster with the same network label 4 (pod CIDRs routed both ways),
 * other network 5 (that network has a gateway), 6 when the gateway's address is a load balancer that proxies.
 * Without a mesh the path is the two pods, wherever packets can go both ways.
 *
 * Source: istiod's ambient index ships pods of the same network with their addresses and everything else as a
 * gateway address; ztunnel then chooses HBONE or double HBONE by comparing network labels.
 */
export function pathRule(topology: Topology, ends: PathEnds): PathRuleResult {
  const client = placed(topology, ends.client)
  if ('possible' in client) return client
  const server = placed(topology, ends.server)
  if ('possible' in server) return server

  const clientPod: Component = { kind: 'client-pod', ...ends.client }
  const serverPod: Component = { kind: 'server-pod', ...ends.server }
  const clientZtunnel: Component = { kind: 'ztunnel', ...ends.client }
  const serverZtunnel: Component = { kind: 'ztunnel', ...ends.server }
  const sameCluster = client.name === server.name
  // Without a mesh there is no gateway to send through, so labels do not matter: only packets do.
  if (ends.mesh === 'none' || client.network === server.network) {
    const gap = routingGap(topology, client, server)
    if (gap) {
      const where = ends.mesh === 'none' ? 'without a mesh' : 'within one network'
      return noPath(gap.code, `${gap.reason}, and ${where} pods dial pods`)
    }
    if (ends.mesh === 'none') return path('TCP', [clientPod, serverPod])
    const sameNode = sameCluster && ends.client.node === ends.server.node
    return sameNode
      ? path('HBONE', [clientPod, clientZtunnel, serverPod])
      : path('HBONE', [clientPod, clientZtunnel, serverZtunnel, serverPod])
  }

  const owner = gatewayCluster(topology, server)
  if ('possible' in owner) return owner
  const gateway: Component = { kind: 'east-west-gateway', cluster: owner.name }
  const loadBalancer: Component[] = isComponent(owner.gateway?.loadBalancer)
    ? [{ kind: 'load-balancer', cluster: owner.name }]
    : []
  return path('DOUBLEHBONE', [clientPod, clientZtunnel, ...loadBalancer, gateway, serverZtunnel, serverPod])
}

function path(protocol: Protocol, components: readonly Component[]): PathRuleResult {
  return { possible: true, hops: components.length, protocol, components }
}

function noPath(code: NoPathCode, reason: string): NoPath {
  return { possible: false, code, reason }
}

function placed(topology: Topology, place: Placement): Cluster | NoPath {
  const cluster = topology.clusters.find((c) => c.name === place.cluster)
  if (!cluster) return noPath('unknown-cluster', `there is no cluster "${place.cluster}"`)
  if (!Number.isInteger(place.node) || place.node < 1 || place.node > cluster.nodes) {
    const nodes = cluster.nodes === 1 ? '1 node' : `${cluster.nodes} nodes`
    return noPath('unknown-node', `cluster "${cluster.name}" has ${nodes}, there is no node ${place.node}`)
  }
  return cluster
}

function isRouted(topology: Topology, from: Cluster, to: Cluster): boolean {
  return topology.routes.some((r) => r.from === from.name && r.to === to.name)
}

/** Replies need the way back, so one missing direction is as bad as two; it is only harder to find. */
function routingGap(
  topology: Topology,
  a: Cluster,
  b: Cluster,
): { readonly code: NoPathCode; readonly reason: string } | undefined {
  if (a.name === b.name) return undefined
  const there = isRouted(topology, a, b)
  const back = isRouted(topology, b, a)
  if (there && back) return undefined
  if (!there && !back) {
    return { code: 'unrouted', reason: `no route joins the pod CIDRs of "${a.name}" and "${b.name}"` }
  }
  const [from, to] = there ? [b, a] : [a, b]
  const reason = `the pod CIDR of "${to.name}" is not routed from "${from.name}", so packets go one way only`
  return { code: 'one-way-route', reason }
}

/**
 * The cluster whose gateway serves the server's network. istiod takes the first of several gateways; scenarios are
 * refused when they have more than one per network, so the preference here only makes the function total.
 */
function gatewayCluster(topology: Topology, server: Cluster): Cluster | NoPath {
  const owners = topology.clusters.filter((c) => c.gateway && c.network === server.network)
  const cost = (c: Cluster) =>
    (isComponent(c.gateway?.loadBalancer) ? 2 : 0) + (c.name === server.name ? 0 : 1)
  const best = owners
    .filter((c) => !routingGap(topology, c, server))
    .toSorted((a, b) => cost(a) - cost(b))
    .at(0)
  if (best) return best
  const [owner] = owners
  const gap = owner && routingGap(topology, owner, server)
  if (!gap) {
    const reason = `network "${server.network}" has no east-west gateway, and other networks can enter only through one`
    return noPath('no-gateway', reason)
  }
  return noPath(
    gap.code,
    `the gateway of network "${server.network}" is in "${owner.name}", but ${gap.reason}`,
  )
}
