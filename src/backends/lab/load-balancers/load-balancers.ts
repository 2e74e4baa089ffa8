import type { LoadBalancerKind } from '../../../topology/load-balancers.ts'
import type { EntranceOf } from './entrance.ts'
import { l2LoadBalancer } from './l2.ts'
import { noLoadBalancer } from './none.ts'
import { proxyLoadBalancer } from './proxy.ts'

/** How each kind of load balancer is made in the lab. */
export const labLoadBalancers: Readonly<Record<LoadBalancerKind, EntranceOf>> = {
  none: noLoadBalancer,
  l2: l2LoadBalancer,
  proxy: proxyLoadBalancer,
}
