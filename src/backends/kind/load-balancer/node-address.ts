import type { Gateway, LoadBalancer } from '../../kubernetes/load-balancer.ts'
import type { KindCluster } from '../cluster/kind-cluster.ts'

/**
 * The address of the gateway's own node, so that no other node forwards for it: kube-proxy translates it, which needs
 * no further component.
 */
export function nodeAddress(_parts: unknown, cluster: KindCluster, gateway: Gateway): LoadBalancer {
  return {
    label: undefined,
    ingress: async (context) => {
      const ip = await gateway.nodeAddress(context)
      return ip === undefined ? undefined : { ip }
    },
    placeholder: { ip: 'ADDRESS-OF-ITS-NODE' },
    missing: {
      what: 'its pod',
      hint: `kubectl --context ${cluster.context} get pods --all-namespaces says why`,
    },
    stateFiles: [],
  }
}
