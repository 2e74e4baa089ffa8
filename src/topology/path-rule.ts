import type { Cluster, Component, PathEnds, PathRuleResult, Topology } from './model.ts'

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
    const gap = sameCluster ? undefined : routingGap(topology, client, server)
    if (gap) return gap
    if (ends.mesh === 'none') return path('TCP', [clientPod, serverPod])
    const sameNode = sameCluster && ends.client.node === ends.server.node
    return sameNode
      ? path('HBONE', [clientPod, clientZtunnel, serverPod])
      : path('HBONE', [clientPod, clientZtunnel, serverZtunnel, serverPod])
  }

  const owner = gatewayCluster(topology, server)
  if (!owner?.gateway) {
    return {
      possible: false,
      code: 'no-gateway',
      reason:
        `network "${server.network}" has no east-west gateway, ` +
        `and "${client.name}" (network "${client.network}") can enter another network only through one`,
    }
  }
  const gateway: Component = { kind: 'east-west-gateway', cluster: owner.name }
  const loadBalancer: Component[] =
    owner.gateway.loadBalancer === 'proxy' ? [{ kind: 'load-balancer', cluster: owner.name }] : []
  return path('DOUBLEHBONE', [clientPod, clientZtunnel, ...loadBalancer, gateway, serverZtunnel, serverPod])
}

function path(protocol: 'TCP' | 'HBONE' | 'DOUBLEHBONE', components: readonly Component[]): PathRuleResult {
  return { possible: true, hops: components.length, protocol, components }
}

function placed(topology: Topology, place: { cluster: string; node: number }): Cluster | NoPath {
  const cluster = topology.clusters.find((c) => c.name === place.cluster)
  if (!cluster) {
    return { possible: false, code: 'unknown-cluster', reason: `there is no cluster "${place.cluster}"` }
  }
  if (!Number.isInteger(place.node) || place.node < 1 || place.node > cluster.nodes) {
    const reason = `cluster "${cluster.name}" has ${cluster.nodes} node(s), there is no node ${place.node}`
    return { possible: false, code: 'unknown-node', reason }
  }
  return cluster
}

function isRouted(topology: Topology, from: Cluster, to: Cluster): boolean {
  return topology.routes.some((r) => r.from === from.name && r.to === to.name)
}

/** Replies need the way back, so one missing direction is as bad as two; it is only harder to find. */
function routingGap(topology: Topology, client: Cluster, server: Cluster): NoPath | undefined {
  const there = isRouted(topology, client, server)
  const back = isRouted(topology, server, client)
  if (there && back) return undefined
  if (!there && !back) {
    const reason = `pod CIDRs of "${client.name}" and "${server.name}" are not routed, and one network means pods dial pods`
    return { possible: false, code: 'unrouted', reason }
  }
  const [from, to] = there ? [server, client] : [client, server]
  const reason = `pod CIDR of "${to.name}" is not routed from "${from.name}": packets go one way only`
  return { possible: false, code: 'one-way-route', reason }
}

/**
 * The cluster whose gateway serves the server's network. istiod takes the first of several gateways; scenarios are
 * refused when they have more than one per network, so the preference here only makes the function total.
 */
function gatewayCluster(topology: Topology, server: Cluster): Cluster | undefined {
  const candidates = topology.clusters.filter(
    (c) =>
      c.gateway &&
      c.network === server.network &&
      (c.name === server.name || (isRouted(topology, c, server) && isRouted(topology, server, c))),
  )
  const cost = (c: Cluster) =>
    (c.gateway?.loadBalancer === 'proxy' ? 2 : 0) + (c.name === server.name ? 0 : 1)
  return candidates.toSorted((a, b) => cost(a) - cost(b))[0]
}
