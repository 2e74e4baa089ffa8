import type { LoadBalancerKind } from '../../../topology/load-balancers.ts'
import type { Gateway, LoadBalancer } from '../../kubernetes/load-balancer.ts'
import type { KindCluster } from '../cluster/kind-cluster.ts'
import { nodeAddress } from './node-address.ts'
import type { LoadBalancerParts } from './parts.ts'
import { proxy } from './proxy.ts'

type Make = (parts: LoadBalancerParts, cluster: KindCluster, gateway: Gateway) => LoadBalancer

/** How each kind of load balancer is made on kind. One that answers for the node's address adds nothing to the path. */
const kinds: Readonly<Record<LoadBalancerKind, Make>> = { none: nodeAddress, l2: nodeAddress, proxy }

/** What stands in front of the gateway of a cluster. */
export function loadBalancerOf(
  parts: LoadBalancerParts,
  cluster: KindCluster,
  gateway: Gateway,
): LoadBalancer {
  return kinds[cluster.spec.gateway?.loadBalancer ?? 'none'](parts, cluster, gateway)
}
