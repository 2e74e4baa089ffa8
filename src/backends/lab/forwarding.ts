import { UsageError } from '../../errors.ts'
import type { Route, Topology } from '../../topology/model.ts'
import type { Plan, PlannedPath, Workload } from '../../plan/plan-scenario.ts'

/**
 * Sends traffic the wrong way on purpose, so that tests can show that evidence notices.
 * `direct-through-gateway`: paths between pods of one network go through a gateway.
 * `gateway-sent-direct`: paths into another network go from pod to pod.
 * `another-identity`: what clients send carries the identity of somebody else.
 */
export type Misroute = 'direct-through-gateway' | 'gateway-sent-direct' | 'another-identity'

/** Service account whose identity a client's traffic carries. */
export function accountOf({ role, name }: Workload, misroute?: Misroute): string {
  return role === 'client' && misroute === 'another-identity' ? 'somebody-else' : name
}

/** Where the client's ztunnel sends a path: to a cluster's gateway, to the server's pod, or nowhere. */
export type Forwarding =
  | { readonly via: 'gateway'; readonly cluster: string }
  | { readonly via: 'pod' }
  /** Discovery tells of no endpoint: the service stays uncaptured, and no route leads to its address. */
  | { readonly via: 'nothing' }
  /** Outside the mesh there is no ztunnel. */
  | { readonly via: 'no-mesh' }

/** What discovery would tell the client's ztunnel about a path, or what `misroute` makes of it. */
export function forwardingOf(topology: Topology, path: PlannedPath, misroute?: Misroute): Forwarding {
  if (path.mesh === 'none') return { via: 'no-mesh' }
  const { rule } = path
  // Unrouted pods of one network are dialled all the same: istiod knows labels, not routes.
  if (!rule.possible) return rule.code === 'no-gateway' ? { via: 'nothing' } : { via: 'pod' }
  const gateway = rule.components.find((component) => component.kind === 'east-west-gateway')
  if (gateway) {
    return misroute === 'gateway-sent-direct' ? { via: 'pod' } : { via: 'gateway', cluster: gateway.cluster }
  }
  return misroute === 'direct-through-gateway' && rule.hops === 4
    ? { via: 'gateway', cluster: anyGateway(topology, path) }
    : { via: 'pod' }
}

/** Routes that the scenario does not have but the misrouted traffic needs. */
export function misrouteRoutes(plan: Plan, misroute?: Misroute): readonly Route[] {
  if (misroute === undefined) return []
  const { topology } = plan.scenario
  const isRouted = (route: Route) => topology.routes.some((r) => r.from === route.from && r.to === route.to)
  const wanted = plan.paths.flatMap((path) => {
    const forwarding = forwardingOf(topology, path, misroute)
    if (!path.rule.possible || forwarding.via === 'nothing') return []
    const from = forwarding.via === 'gateway' ? forwarding.cluster : path.client.cluster
    const to = path.server.cluster
    return from === to
      ? []
      : [
          { from, to },
          { from: to, to: from },
        ]
  })
  const missing = new Map(wanted.filter((r) => !isRouted(r)).map((r) => [`${r.from} ${r.to}`, r]))
  return [...missing.values()]
}

function anyGateway({ clusters }: Topology, path: PlannedPath): string {
  const owners = clusters.filter((cluster) => cluster.gateway)
  const owner = owners.find(({ name }) => name === path.server.cluster) ?? owners[0]
  if (owner) return owner.name
  throw new UsageError('the scenario has no gateway through which to misroute traffic')
}
