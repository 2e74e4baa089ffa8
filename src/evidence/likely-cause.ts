import type { Component } from '../topology/model.ts'

/** What most often explains that these components were seen instead of those; undefined when nothing stands out. */
export function likelyCause(
  expected: readonly Component[],
  observed: readonly Component[],
): string | undefined {
  const has = (list: readonly Component[], kind: Component['kind']) => list.some((c) => c.kind === kind)
  const count = (list: readonly Component[], kind: Component['kind']) =>
    list.filter((c) => c.kind === kind).length
  if (count(expected, 'ztunnel') > 0 && !has(observed, 'ztunnel')) {
    return 'the client pod is not captured: it is not in the mesh, or the redirection rules are missing'
  }
  if (has(observed, 'ztunnel') && !has(expected, 'ztunnel'))
    return 'a pod that should be outside the mesh is captured'
  if (has(observed, 'east-west-gateway') && !has(expected, 'east-west-gateway')) {
    return "the client's ztunnel takes the server for another network: compare the topology.istio.io/network labels and ztunnel's NETWORK"
  }
  if (has(expected, 'east-west-gateway') && !has(observed, 'east-west-gateway')) {
    return "the client's ztunnel takes the server for its own network: both have the same topology.istio.io/network label, and pod CIDRs are routed"
  }
  if (has(expected, 'load-balancer') && !has(observed, 'load-balancer')) {
    return "the gateway's published address is not the load balancer's"
  }
  if (has(observed, 'load-balancer') && !has(expected, 'load-balancer')) {
    return "the gateway's published address is a load balancer that proxies"
  }
  if (count(expected, 'ztunnel') > count(observed, 'ztunnel')) {
    return 'client and server run on the same node, where one ztunnel plays both roles'
  }
  if (count(expected, 'ztunnel') < count(observed, 'ztunnel'))
    return 'client and server run on different nodes'
  return undefined
}
