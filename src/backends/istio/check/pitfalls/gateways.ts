import { isComponent } from '../../../../topology/load-balancers.ts'
import { gatewayClass } from '../../names.ts'
import { gatewayName, systemNamespace } from '../../../../plan/names.ts'
import type { ClusterMeshFacts } from '../mesh-facts.ts'
import type { Pitfall } from './pitfall.ts'

/** East-west gateways and their load balancers. */
export const gatewayPitfalls: readonly Pitfall[] = [
  {
    id: 7,
    name: 'gateway publishes a wrong address',
    severity: 'error',
    mayPass: 'anywhere',
    check: ({ clusters }) => [
      ...clusters.flatMap(({ name, gateway }) => (gateway ? gatewayProblem(name, gateway) : [])),
      ...severalGateways(clusters),
    ],
    why: 'other clusters dial what the Gateway publishes, ready or not: while the load balancer is pending that is the ClusterIP, and each try takes 10 s; of several gateways istiod takes the first',
    remedy: 'wait for or repair the load balancer; one gateway per network',
  },
  {
    id: 14,
    name: 'gateway in another cluster of the network',
    severity: 'error',
    check: ({ clusters, paths }) =>
      paths.flatMap(({ name, gateway, server, hostname }) => {
        // What the gateway chooses from is what ztunnels of its cluster know without another gateway.
        const ztunnel = clusters.find((c) => c.name === gateway)?.ztunnels?.[0]
        const behind = (ztunnel?.endpoints.get(hostname) ?? []).filter((e) => e.viaGateway === undefined)
        const others = behind.map(({ clusterId }) => clusterId).filter((id) => id !== server.cluster)
        return [...new Set(others)].map(
          (other) => `${name}: the gateway of ${gateway} may forward to ${other}, where the server runs, too`,
        )
      }),
    why: 'a gateway forwards to pods of every cluster of its network, so a server in two of them is reached over routes of different length',
    remedy: 'run the server in one cluster of the network only; the result names whose gateway it was',
  },
  {
    id: 27,
    name: 'gateway cannot be entered',
    severity: 'error',
    check: ({ clusters, paths }) =>
      clusters
        .filter(({ name, controlPlane }) => controlPlane && paths.some(({ gateway }) => gateway === name))
        .flatMap((cluster) => entranceProblem(cluster)),
    why: 'other networks reach pods through the gateway of their network only, and what proxies in front of it is one component more',
    remedy:
      'Istio samples/multicluster/gen-eastwest-gateway.sh --ambient makes one; it needs the label of its network and a load balancer that passes packets on',
  },
]

function gatewayProblem(
  name: string,
  { addresses, ingress, clusterIp }: NonNullable<ClusterMeshFacts['gateway']>,
) {
  if (addresses.includes(clusterIp))
    return [`the gateway of ${name} publishes its ClusterIP ${clusterIp}: its load balancer is pending`]
  if (addresses.length !== 1) return [`the gateway of ${name} publishes ${addresses.length} addresses`]
  return addresses[0] === ingress
    ? []
    : [`the gateway of ${name} publishes ${addresses[0]}, its load balancer has ${ingress ?? 'none'}`]
}

function severalGateways(clusters: readonly ClusterMeshFacts[]): readonly string[] {
  const owners = new Map<string, string[]>()
  for (const { name, network, gateway } of clusters) {
    if (gateway) owners.set(network, [...(owners.get(network) ?? []), name])
  }
  return [...owners]
    .filter(([, names]) => names.length > 1)
    .map(([network, names]) => `network ${network} has gateways in ${names.join(' and ')}`)
}

/** How the scenario's gateway and the one that is there differ. */
function entranceProblem({ name, network, gateway, loadBalancer }: ClusterMeshFacts): readonly string[] {
  if (!gateway) return [`cluster "${name}" has no Gateway "${gatewayName}" in ${systemNamespace}`]
  if (gateway.className !== gatewayClass)
    return [`the gateway of cluster "${name}" is of class "${gateway.className}", not ${gatewayClass}`]
  if (gateway.network !== network)
    return [`the gateway of cluster "${name}" serves network "${gateway.network}", not "${network}"`]
  if (gateway.ingress === undefined)
    return [`the gateway of cluster "${name}" has no address: its load balancer is pending`]
  return gateway.isProxied === true && !isComponent(loadBalancer)
    ? [`a load balancer that proxies (ipMode: Proxy) stands before the gateway of cluster "${name}"`]
    : []
}
