import type { Cluster } from '../../../topology/model.ts'
import type { Plan } from '../../plan.ts'
import type { KubeCluster } from '../steps/step.ts'

/** A cluster of a testbed: how it is reached, and what the scenario says of it. */
export interface TestbedCluster extends KubeCluster {
  readonly spec: Cluster
}

/** A cluster that hopmeter makes with kind. */
export interface KindCluster extends TestbedCluster {
  readonly kindName: string
  /** Names of containers and of nodes at once; the first is node 1, the control plane. */
  readonly nodeNames: readonly string[]
}

/** What a cluster says of one of its nodes. */
export interface NodeFacts {
  readonly name: string
  /** As scenarios count, from 1. */
  readonly number: number
  readonly address: string
  readonly podCidr: string
}

/** kind's own names for the nodes of a cluster. */
export function kindNodeNames(kindName: string, nodes: number): readonly string[] {
  const workers = Array.from({ length: nodes - 1 }, (_, i) => `${kindName}-worker${i === 0 ? '' : i + 1}`)
  return [`${kindName}-control-plane`, ...workers]
}

/** Other clusters, and whether this one has a route to their pod CIDR. */
export function neighboursOf<T extends TestbedCluster>(
  plan: Plan,
  cluster: KubeCluster,
  clusters: readonly T[],
): readonly { readonly cluster: T; readonly routed: boolean }[] {
  const { routes } = plan.scenario.topology
  return clusters
    .filter(({ name }) => name !== cluster.name)
    .map((other) => ({
      cluster: other,
      routed: routes.some(({ from, to }) => from === cluster.name && to === other.name),
    }))
}

/** Name of the container in front of this cluster's gateway. */
export function loadBalancerName(cluster: KindCluster): string {
  return `${cluster.kindName}-lb`
}
