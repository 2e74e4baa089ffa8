import { parseCidr } from '../../../topology/cidr.ts'

import type { NodeRoutes, Peer, RouteFacts } from '../../kubernetes/cluster/node-shell.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { KindNodes } from '../cluster/kind-nodes.ts'
import { readMasquerade } from './masquerade.ts'
import { readRoutes, type RouteLine } from './node-routes.ts'
import type { RouteKind } from './route-kind.ts'

/** Asks each node itself. @throws CommandError */
export async function readNodeRoutes(
  routeKind: RouteKind,
  nodes: KindNodes,
  peers: readonly Peer[],
  context: StepContext,
): Promise<NodeRoutes> {
  const remotes = await Promise.all(
    peers.map(async (peer) => ({ to: peer.name, nodes: (await peer.facts(context)).nodes })),
  )
  const perNode = await Promise.all(
    nodes.names.map(async (node) => {
      const [lines, rules] = await Promise.all([
        readRoutes(nodes, node, context),
        readMasquerade(nodes, node, context),
      ])
      const routes = remotes.flatMap(({ to, nodes: others }) =>
        others.map((remote): RouteFacts => {
          const { podCidr } = remote
          const wanted = routeKind.to(remote).via
          return { node, to, podCidr, via: nextHop(lines, podCidr), wanted }
        }),
      )
      return { node, routes, rules: rules ?? [] }
    }),
  )
  return {
    routes: perNode.flatMap(({ routes }) => routes),
    masquerade: new Map(perNode.map(({ node, rules }) => [node, rules])),
  }
}

/**
 * Next hop towards a pod CIDR by the longest matching route, as the kernel chooses. Undefined where only the default
 * route is left (it leads to Docker's host, which is no way to pods) or packets are refused.
 */
function nextHop(lines: readonly RouteLine[], podCidr: string): string | undefined {
  const wanted = parseCidr(podCidr)
  if (!wanted) return undefined
  const matching = lines.flatMap((line) => {
    const dst = parseCidr(line.dst.includes('/') ? line.dst : `${line.dst}/32`)
    return dst && dst.first <= wanted.first && wanted.last <= dst.last ? [{ line, prefix: dst.prefix }] : []
  })
  const best = matching.toSorted((a, b) => b.prefix - a.prefix)[0]?.line
  return best?.type === undefined || best.type === 'unicast' ? best?.gateway : undefined
}
