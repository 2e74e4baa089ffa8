import type { EntranceOf } from './entrance.ts'

/** A host of its own that ends connections and opens others to the node. */
export const proxyLoadBalancer: EntranceOf = ({ nodeAddress, balancer }) => ({
  nodeAddress,
  published: balancer.ip,
  loadBalancerNetns: balancer.netns,
})
