import type { Plan } from '../../../plan/plan-scenario.ts'
import type { KindCluster } from './kind-cluster.ts'

/** Another cluster, and whether there is a route to its pod CIDR. */
export interface Neighbour {
  readonly cluster: KindCluster
  readonly routed: boolean
}

export function neighboursOf(
  plan: Plan,
  cluster: KindCluster,
  clusters: readonly KindCluster[],
): readonly Neighbour[] {
  const { routes } = plan.scenario.topology
  return clusters
    .filter(({ name }) => name !== cluster.name)
    .map((other) => ({
      cluster: other,
      routed: routes.some(({ from, to }) => from === cluster.name && to === other.name),
    }))
}
