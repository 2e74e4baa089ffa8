import type { PathEnds, Topology } from './model.ts'
import { pathRule } from './path-rule.ts'

/** One clause on why a path has the components that the path rule gives it, or why it cannot exist. */
export function explainPath(topology: Topology, ends: PathEnds): string {
  const rule = pathRule(topology, ends)
  if (!rule.possible) return rule.reason
  const { client, server } = ends
  if (ends.mesh === 'none') return 'without a mesh the pods talk to each other directly'
  if (client.cluster === server.cluster) {
    return client.node === server.node
      ? 'on one node one ztunnel plays both roles'
      : 'within a cluster the ztunnels of both nodes carry it'
  }
  const networkOf = (name: string) => topology.clusters.find((c) => c.name === name)?.network
  const gateway = rule.components.find((c) => c.kind === 'east-west-gateway')
  if (!gateway) {
    return `both clusters are in network "${networkOf(client.cluster)}" and their pod CIDRs are routed both ways`
  }
  const entry = rule.components.some((c) => c.kind === 'load-balancer')
    ? `the load balancer and gateway of "${gateway.cluster}"`
    : `the gateway of "${gateway.cluster}"`
  return `from network "${networkOf(client.cluster)}" into network "${networkOf(server.cluster)}" it goes through ${entry}`
}
