import { parseCidr } from '../../../topology/cidr.ts'
import type { ClusterMeshFacts, RouteFacts } from '../../istio/check/mesh-facts.ts'
import type { IstioParts } from '../../istio/context.ts'
import type { KindCluster } from '../../kubernetes/cluster/layout.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { readMasquerade } from './masquerade.ts'
import { readRoutes, type RouteLine } from './route-step.ts'
import { tunnelEnd } from './vxlan.ts'

/**
 * Where the nodes of a cluster send packets for pods of other clusters, and what they do to their source; asked of
 * each node. Nodes of clusters that the user has cannot be asked. @throws CommandError
 */
export async function routeFacts(
  parts: IstioParts,
  cluster: KindCluster,
  peers: readonly KindCluster[],
  context: StepContext,
): Promise<Pick<ClusterMeshFacts, 'routes' | 'masquerade'>> {
  const { tools, facts, plan, session } = parts
  if (session?.state.backend === 'contexts' || peers.length === 0) return {}
  const { nodes } = await facts.of(cluster, context)
  const isVxlan = plan.scenario.routeMode === 'vxlan'
  const remotes = await Promise.all(
    peers.map(async (peer) => ({ to: peer.name, nodes: (await facts.of(peer, context)).nodes })),
  )
  const perNode = await Promise.all(
    nodes.map(async ({ name }) => {
      const [lines, rules] = await Promise.all([
        readRoutes(tools, name, context),
        readMasquerade(tools, name, context),
      ])
      const routes = remotes.flatMap(({ to, nodes: others }) =>
        others.map(({ podCidr, address }): RouteFacts => {
          const wanted = isVxlan ? tunnelEnd(podCidr) : address
          return { node: name, to, podCidr, via: nextHop(lines, podCidr), wanted }
        }),
      )
      return { name, routes, rules: rules ?? [] }
    }),
  )
  return {
    routes: perNode.flatMap(({ routes }) => routes),
    masquerade: new Map(perNode.map(({ name, rules }) => [name, rules])),
  }
}

/**
 * Next hop towards a pod CIDR by the longest matching route, as the kernel chooses. Undefined where only the default
 * route is left (it leads to Docker's host, which is no way to pods) or packets are refused.
 */
export function nextHop(lines: readonly RouteLine[], podCidr: string): string | undefined {
  const wanted = parseCidr(podCidr)
  if (!wanted) return undefined
  const matching = lines.flatMap((line) => {
    const dst = parseCidr(line.dst.includes('/') ? line.dst : `${line.dst}/32`)
    return dst && dst.first <= wanted.first && wanted.last <= dst.last ? [{ line, prefix: dst.prefix }] : []
  })
  const best = matching.toSorted((a, b) => b.prefix - a.prefix)[0]?.line
  return best?.type === undefined || best.type === 'unicast' ? best?.gateway : undefined
}
