import type { ClusterMeshFacts, EndpointFacts, PathFacts } from '../mesh-facts.ts'
import type { Pitfall } from './pitfall.ts'

/** Services, endpoints and pods of the paths. */
export const workloadPitfalls: readonly Pitfall[] = [
  {
    id: 9,
    name: 'service missing or local',
    severity: 'error',
    check: ({ clusters, paths }) =>
      paths
        .filter((path) => path.client.cluster !== path.server.cluster)
        .flatMap((path) => {
          const copies = [path.client.cluster, path.server.cluster].map((name) => {
            const services = clusters.find((cluster) => cluster.name === name)?.services
            return {
              name,
              known: services !== undefined,
              service: services?.find((s) => s.hostname === path.hostname),
            }
          })
          const problems = copies.flatMap(({ name, known, service }) => {
            if (!known) return []
            if (!service) return [`${name} has no service ${path.hostname}`]
            return service.labels['istio.io/global'] === 'true'
              ? []
              : [`${path.hostname} of ${name} is not istio.io/global=true`]
          })
          const [a, b] = copies.map(({ service }) => service?.ports.join())
          const ports =
            a !== undefined && b !== undefined && a !== b
              ? [`${path.hostname} has ports ${a} here and ${b} there`]
              : []
          return [...problems, ...ports]
        }),
    why: 'the client resolves the service in its own cluster, and istiod merges only global copies of one name and namespace',
    remedy:
      'the same Service, labelled istio.io/global=true, in the cluster of the client and in that of the server',
  },
  {
    id: 10,
    name: 'pod not captured',
    severity: 'error',
    mayPass: 'anywhere',
    check: ({ clusters }) =>
      clusters.flatMap(({ name, pods, namespaceLabels }) => {
        const meshed = (pods ?? []).filter(({ mesh }) => mesh === 'ambient')
        const namespace =
          meshed.length > 0 && namespaceLabels && namespaceLabels['istio.io/dataplane-mode'] !== 'ambient'
            ? [`the mesh namespace of ${name} is not istio.io/dataplane-mode=ambient`]
            : []
        const uncaptured = meshed.flatMap((pod) => {
          if (pod.redirection !== 'enabled') return [`${pod.name} of ${name} is not redirected to ztunnel`]
          if (pod.protocol !== undefined && pod.protocol !== 'HBONE')
            return [`ztunnel has ${pod.name} of ${name} as ${pod.protocol}`]
          return pod.state === undefined || pod.state === 'Up'
            ? []
            : [`the proxy of ${pod.name} of ${name} is ${pod.state}`]
        })
        return [...namespace, ...uncaptured]
      }),
    why: 'traffic of a pod that istio-cni did not redirect passes as plain TCP, and answers come nevertheless',
    remedy:
      'label the namespace before the pods start, see that istio-cni runs on the node, and start the pods anew',
  },
  {
    id: 11,
    name: 'waypoint in the path',
    severity: 'error',
    check: ({ clusters }) =>
      clusters.flatMap(({ name, services, pods, namespaceLabels }) => {
        const labelled = [
          ...(namespaceLabels ? [['the mesh namespace', namespaceLabels] as const] : []),
          ...(services ?? []).map((s) => [`service ${s.name}`, s.labels] as const),
          ...(pods ?? []).map((p) => [`pod ${p.name}`, p.labels] as const),
        ]
        return labelled
          .filter(([, labels]) => (labels['istio.io/use-waypoint'] ?? 'none') !== 'none')
          .map(([what, labels]) => `${what} of ${name} uses waypoint ${labels['istio.io/use-waypoint']}`)
      }),
    why: 'a waypoint is one more component, of layer 7: the path is none of 3, 4, 5 and 6',
    remedy: 'remove the label istio.io/use-waypoint',
  },
  {
    id: 12,
    name: 'endpoints elsewhere',
    severity: 'error',
    isProvenLater: true,
    mayPass: 'anywhere',
    check: ({ clusters, paths }) =>
      paths.flatMap((path) => {
        const client = clusters.find(({ name }) => name === path.client.cluster)
        const known =
          client?.ztunnels?.find(({ node }) => node === path.client.node)?.endpoints.get(path.hostname) ?? []
        const elsewhere = known.filter(({ clusterId }) => clusterId !== path.server.cluster)
        const service = client?.services?.find(({ hostname }) => hostname === path.hostname)
        const distribution = service?.trafficDistribution
        return [
          ...elsewhere.map(({ clusterId }) => `${path.hostname} has an endpoint in ${clusterId}, too`),
          ...known.flatMap((endpoint) => wrongWay(path, endpoint, clusters)),
          ...(distribution === undefined ? [] : [`${path.hostname} has trafficDistribution ${distribution}`]),
        ]
      }),
    why: 'ztunnel picks among all endpoints at random, without preference for any cluster; with PreferClose it takes local ones only',
    remedy: 'run the server in one cluster only and set no trafficDistribution',
  },
  {
    id: 15,
    name: 'client and server on one node',
    severity: 'error',
    check: ({ paths }) =>
      paths
        .filter(({ client, server }) => client.cluster === server.cluster && client.node === server.node)
        .filter(({ hops }) => hops > 3)
        .map(({ name }) => `client and server of ${name} share a node`),
    why: 'one ztunnel process then plays both roles and no network is in between',
    remedy: 'place them on different nodes, or expect 3 components',
  },
  {
    id: 23,
    name: 'connections from before a change',
    severity: 'error',
    check: ({ clusters }) =>
      clusters.flatMap(({ name, pods, ztunnels }) =>
        (pods ?? []).flatMap((pod) => {
          const ztunnel = ztunnels?.find(({ node }) => node === pod.node)
          const isOlder =
            pod.mesh === 'ambient' &&
            pod.startedAt !== undefined &&
            ztunnel?.startedAt !== undefined &&
            Date.parse(pod.startedAt) < Date.parse(ztunnel.startedAt)
          return isOlder ? [`${pod.name} of ${name} is older than its ztunnel`] : []
        }),
      ),
    why: 'a network label acts at once, but ztunnel reads NETWORK at its start, and connections and tunnels of before stay open',
    remedy: 'restart ztunnel after a change of networks, and client pods after ztunnel',
  },
]

/** An endpoint in the right cluster that is reached another way than the path is to take. */
function wrongWay(
  { name, server, gateway, serverIp }: PathFacts,
  { clusterId, viaGateway, ips = [] }: EndpointFacts,
  clusters: readonly ClusterMeshFacts[],
): readonly string[] {
  if (clusterId !== server.cluster) return []
  if (gateway === undefined) {
    if (viaGateway !== undefined)
      return [`${name} would go through gateway ${viaGateway}: istiod takes the server for another network`]
    return serverIp === undefined || ips.includes(serverIp)
      ? []
      : [`${name} would go to ${ips.join() || 'no address'} instead of ${serverIp}`]
  }
  const entered = clusters.find((cluster) => cluster.name === gateway)
  const [published, ...others] = entered?.gateway?.addresses ?? []
  // Of a gateway that publishes something else another pitfall tells.
  const isKnown = others.length === 0 && published === entered?.gateway?.ingress
  const wanted = isKnown && published !== undefined ? `${entered?.network}/${published}` : undefined
  return wanted === undefined || viaGateway === wanted
    ? []
    : [`${name} would go through ${viaGateway ?? 'no gateway'} instead of gateway ${wanted}`]
}
