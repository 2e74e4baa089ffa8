import { cidrsOverlap, parseCidr } from '../../../topology/cidr.ts'
import { compareVersions, kubernetesMinor } from '../versions.ts'
import type { ClusterMeshFacts, MeshFacts, PathFacts } from './mesh-facts.ts'
import { hbonePort } from './parts.ts'

/** One way in which a mesh is not what it looks like. Ids are those of docs/kubernetes-istio.md. */
export interface Pitfall {
  readonly id: number
  readonly name: string
  /** `error`: paths are wrong or missing. `note`: paths are right, numbers may mean something else. */
  readonly severity: 'error' | 'note'
  /** Each finding in words; none when all is well or nothing is known. Pure. */
  readonly check: (facts: MeshFacts) => readonly string[]
  readonly why: string
  readonly remedy: string
}

export interface Finding {
  readonly pitfall: Pitfall
  readonly message: string
}

export function findPitfalls(facts: MeshFacts): readonly Finding[] {
  return pitfalls.flatMap((pitfall) => pitfall.check(facts).map((message) => ({ pitfall, message })))
}

/** Streams per HTTP/2 connection, at ztunnel's pool and at the gateway. */
const streamsPerConnection = 100
/** ztunnel's `POOL_UNUSED_RELEASE_TIMEOUT`. */
const poolReleaseMs = 5 * 60_000

export const pitfalls: readonly Pitfall[] = [
  {
    id: 1,
    name: 'overlapping CIDRs',
    severity: 'error',
    check: ({ clusters }) =>
      pairs(clusters).flatMap(([a, b]) => {
        const kinds = [
          ['pod', a.podCidr, b.podCidr],
          ['service', a.serviceCidr, b.serviceCidr],
        ] as const
        return kinds
          .filter(([, one, other]) => overlap(one, other))
          .map(([kind, one, other]) => `${kind} CIDRs of ${a.name} (${one}) and ${b.name} (${other}) overlap`)
      }),
    why: "a node takes an address of the other cluster for one of its own and never routes the packet; kind's defaults overlap",
    remedy: 'give every cluster CIDRs of its own in the scenario and make the clusters anew',
  },
  {
    id: 2,
    name: 'missing or one-way route',
    severity: 'error',
    check: ({ clusters, paths }) =>
      directPairs(paths).flatMap(([from, to]) => {
        const towards = (one: string, other: string) =>
          clusters.find(({ name }) => name === one)?.routes?.filter((route) => route.to === other) ?? []
        const isOneWay = towards(to, from).some(({ via, wanted }) => via === wanted)
        return towards(from, to).flatMap(({ node, podCidr, via, wanted }) => {
          if (via === wanted) return []
          const isBack = isOneWay ? ', though the way back exists' : ''
          return via === undefined
            ? [`node ${node} has no route to the pods of ${to} in ${podCidr}${isBack}`]
            : [
                `node ${node} sends packets for the pods of ${to} in ${podCidr} to ${via} instead of ${wanted}`,
              ]
        })
      }),
    why: 'pods of one network dial each other; a missing way back can stay hidden while kindnet masquerades, since answers then go to the node',
    remedy:
      'hopmeter up again puts routes back (a restart of Docker removes them); check with ip route get on that node',
  },
  {
    id: 3,
    name: 'masqueraded pod addresses',
    severity: 'note',
    check: ({ clusters, paths }) =>
      directPairs(paths).flatMap(([from, to]) => {
        const cidr = clusters.find(({ name }) => name === to)?.podCidr
        const chains =
          clusters.find(({ name }) => name === from)?.masquerade ?? new Map<string, readonly string[]>()
        return [...chains]
          .filter(([, lines]) => cidr !== undefined && isMasqueraded(lines, cidr))
          .map(([node]) => `node ${node} rewrites the source of packets to ${to} (${cidr})`)
      }),
    why: "servers see the node instead of the pod, and translation costs time that the path alone would not; the mesh's identities are not affected",
    remedy:
      "a RETURN rule for that CIDR before MASQUERADE in KIND-MASQ-AGENT; connections that are open keep the node's address until they close",
  },
  {
    id: 4,
    name: 'network label and NETWORK differ',
    severity: 'error',
    check: ({ clusters }) =>
      clusters.flatMap((cluster) => {
        const { name, network, networkLabel, ztunnels } = cluster
        if (networkLabel === undefined) return []
        const label =
          networkLabel === network
            ? []
            : [`istio-system of ${name} is labelled "${networkLabel}", the scenario says "${network}"`]
        const own = (ztunnels ?? [])
          .filter((z) => z.network !== networkLabel)
          .map(
            (z) =>
              `ztunnel on node ${z.node} of ${name} believes network "${z.network}", istiod says "${networkLabel}"`,
          )
        return [...label, ...own]
      }),
    why: 'ztunnel looks services up by its own network, so service addresses do not match: traffic passes as plain TCP or is refused at once',
    remedy:
      'kubectl label namespace istio-system topology.istio.io/network=…, then install again so that ztunnel gets the same NETWORK',
  },
  {
    id: 5,
    name: 'multi-cluster is off',
    severity: 'error',
    check: ({ clusters }) =>
      clusters.length < 2
        ? []
        : clusters
            .filter(({ gatewayClasses }) => gatewayClasses?.includes('istio-east-west') === false)
            .map(({ name }) => `${name} has no GatewayClass istio-east-west`),
    why: 'AMBIENT_ENABLE_MULTI_NETWORK is off in istiod; in spite of its name it is needed within one network, too: remote pods do not exist without it',
    remedy: 'set AMBIENT_ENABLE_MULTI_NETWORK=true on istiod of every cluster',
  },
  {
    id: 6,
    name: 'remote cluster not synced',
    severity: 'error',
    check: ({ clusters }) =>
      clusters.flatMap(({ name, remotes, remoteServers }) => {
        const others = clusters.filter((other) => other.name !== name).map((other) => other.name)
        const states = others
          .filter((other) => remotes !== undefined && remotes.get(other) !== 'synced')
          .map((other) => `istiod of ${name} has ${other} as ${remotes?.get(other) ?? 'unknown'}`)
        const loopback = [...(remoteServers ?? [])]
          .filter(([, server]) => /^https?:\/\/(127\.|localhost|\[::1\])/.test(server))
          .map(([other, server]) => `${name} is to read ${other} at ${server}, which is itself`)
        return [...states, ...loopback]
      }),
    why: "istiod reads the other cluster's API with a remote secret, whose name must be the cluster's and whose server must be reachable from a pod",
    remedy:
      'istioctl create-remote-secret --name CLUSTER --server https://NODE-ADDRESS:6443, applied to the other cluster',
  },
  {
    id: 7,
    name: 'gateway publishes a wrong address',
    severity: 'error',
    check: ({ clusters }) => [
      ...clusters.flatMap(({ name, gateway }) => (gateway ? gatewayProblem(name, gateway) : [])),
      ...severalGateways(clusters),
    ],
    why: 'other clusters dial what the Gateway publishes, ready or not: while the load balancer is pending that is the ClusterIP, and each try takes 10 s; of several gateways istiod takes the first',
    remedy: 'wait for or repair the load balancer; one gateway per network',
  },
  {
    id: 8,
    name: 'different roots of trust',
    severity: 'error',
    check: ({ clusters }) => [
      ...disagreement(clusters, 'root certificate', ({ roots }) => roots),
      ...disagreement(clusters, 'trust domain', ({ trustDomains }) => trustDomains),
    ],
    why: 'a ztunnel refuses a peer whose certificate leads to another root; its metrics call that TLS_FAILURE',
    remedy:
      'give every cluster a cacerts secret of one root before istiod starts, and restart istiod and ztunnel after a change',
  },
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
    check: ({ clusters }) =>
      clusters.flatMap(({ name, pods, namespaceLabels }) => {
        const meshed = (pods ?? []).filter(({ mesh }) => mesh === 'ambient')
        const namespace =
          meshed.length > 0 && namespaceLabels && namespaceLabels['istio.io/dataplane-mode'] !== 'ambient'
            ? [`the mesh namespace of ${name} is not istio.io/dataplane-mode=ambient`]
            : []
        const uncaptured = meshed.flatMap((pod) => {
          if (pod.redirection !== 'enabled') return [`${pod.name} of ${name} is not redirected to ztunnel`]
          return pod.protocol === undefined || pod.protocol === 'HBONE'
            ? []
            : [`ztunnel has ${pod.name} of ${name} as ${pod.protocol}`]
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
          ...(distribution === undefined ? [] : [`${path.hostname} has trafficDistribution ${distribution}`]),
        ]
      }),
    why: 'ztunnel picks among all endpoints at random, without preference for any cluster; with PreferClose it takes local ones only',
    remedy: 'run the server in one cluster only and set no trafficDistribution',
  },
  {
    id: 13,
    name: 'path not as declared',
    severity: 'error',
    check: ({ paths }) =>
      paths
        .filter(({ verdict }) => verdict === 'mismatch')
        .map(({ name, observed }) =>
          [`${name} took another path than declared`, ...(observed === undefined ? [] : [observed])].join(
            ': ',
          ),
        ),
    why: 'configuration may be right and traffic still go elsewhere; only what components saw counts',
    remedy: 'the reasons stand with the evidence; samples of that window are not used',
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
    id: 16,
    name: 'more streams than a connection carries',
    severity: 'note',
    check: ({ loads }) =>
      (loads ?? []).flatMap((load) => {
        if (load.profile !== 'closed' && load.profile !== 'open') return []
        const most = load.profile === 'closed' ? Math.max(...load.connections) : load.connections
        return most > streamsPerConnection ? [`load ${load.profile} uses ${most} connections at once`] : []
      }),
    why: `one tunnel carries ${streamsPerConnection} streams, at ztunnel and at the gateway; beyond that another one is opened and latency makes a step`,
    remedy: `stay at ${streamsPerConnection} connections per client, or read such a step as what it is`,
  },
  {
    id: 17,
    name: 'pool cools down',
    severity: 'note',
    check: ({ longestRestMs }) =>
      longestRestMs !== undefined && longestRestMs > poolReleaseMs
        ? [`a path rests for ${Math.round(longestRestMs / 1000)} s between turns`]
        : [],
    why: 'ztunnel closes tunnels that nobody used for 5 minutes, so a "warm" request pays for a handshake',
    remedy: 'interleave the paths, or send warm-up load before each turn',
  },
  {
    id: 18,
    name: 'network policy without port 15008',
    severity: 'error',
    check: ({ clusters }) =>
      clusters.flatMap(({ name, policies, pods }) =>
        (pods ?? []).flatMap((pod) => {
          const own = (policies ?? []).filter((policy) => policy.pods.includes(pod.name))
          if (own.length === 0 || own.some(({ letsTunnelsIn }) => letsTunnelsIn)) return []
          const names = own.map((policy) => policy.name).join(' and ')
          return [`NetworkPolicy ${names} of ${name} does not let port ${hbonePort} in to ${pod.name}`]
        }),
      ),
    why: 'in the mesh all traffic arrives at port 15008; a policy for the application port lets none of it in, and the client waits 10 s',
    remedy: 'let TCP 15008 in wherever the application port is let in',
  },
  {
    id: 19,
    name: 'istiod served local data only',
    severity: 'error',
    check: ({ istio, clusters, paths }) =>
      compareVersions(istio, '1.31.0') >= 0
        ? []
        : paths
            .filter(({ client, server }) => client.cluster !== server.cluster)
            .filter(({ client, hostname }) => {
              const cluster = clusters.find(({ name }) => name === client.cluster)
              const ztunnel = cluster?.ztunnels?.find(({ node }) => node === client.node)
              return ztunnel !== undefined && (ztunnel.endpoints.get(hostname) ?? []).length === 0
            })
            .map(({ client, hostname }) => `ztunnel of ${client.cluster} knows no endpoint of ${hostname}`),
    why: 'before 1.31 an istiod that has just started may serve what it knows of its own cluster before the others are read',
    remedy: 'wait until the remote endpoint is there; being Ready does not mean it',
  },
  {
    id: 20,
    name: 'Kubernetes needs cgroup v2',
    severity: 'error',
    check: ({ clusters, cgroupVersion }) =>
      cgroupVersion === undefined || cgroupVersion >= 2
        ? []
        : clusters
            .filter(({ kubernetes }) => (kubernetesMinor(kubernetes ?? '') ?? 0) >= 35)
            .map(
              ({ name, kubernetes }) =>
                `${name} is to run Kubernetes ${kubernetes} on cgroup v${cgroupVersion}`,
            ),
    why: 'from Kubernetes 1.35 on the kubelet does not start with cgroup v1',
    remedy: 'use a node image of 1.34 (--node-image), or start the machine with cgroup v2',
  },
  {
    id: 21,
    name: 'latency from logs',
    severity: 'error',
    check: ({ latencySource }) =>
      latencySource === 'access-log' ? ['latency was taken from access logs'] : [],
    why: "ztunnel logs a connection only when it closes, and its duration counts whole milliseconds of the connection's life",
    remedy: 'measure at the client; logs serve as evidence of the path only',
  },
  {
    id: 22,
    name: 'arms under different conditions',
    severity: 'note',
    check: ({ clusters, cores, interleaved }) => [
      ...(interleaved === false ? ['paths were measured one after another'] : []),
      ...(cores !== undefined && cores < 2 * clusters.length
        ? [`${cores} cores for ${clusters.length} clusters: less than 2 each`]
        : []),
      ...differentThreads(clusters),
    ],
    why: 'clusters on one machine compete for its cores, and heat and load drift with time',
    remedy:
      'interleave the paths in random order, pin ztunnel threads, and compare differences rather than absolute numbers',
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

function pairs<T>(items: readonly T[]): readonly (readonly [T, T])[] {
  return items.flatMap((a, i) => items.slice(i + 1).map((b) => [a, b] as const))
}

function overlap(a: string, b: string): boolean {
  const [one, other] = [parseCidr(a), parseCidr(b)]
  return one !== undefined && other !== undefined && cidrsOverlap(one, other)
}

/** Ordered pairs of clusters between which pods dial pods. */
function directPairs(paths: readonly PathFacts[]): readonly (readonly [string, string])[] {
  const both = paths
    .filter(({ client, server, gateway }) => gateway === undefined && client.cluster !== server.cluster)
    .flatMap(({ client, server }) => [
      [client.cluster, server.cluster] as const,
      [server.cluster, client.cluster] as const,
    ])
  return [...new Map(both.map((pair) => [pair.join(' '), pair])).values()]
}

/** Rules are read in order: what returns before the masquerading rule keeps its address. */
function isMasqueraded(lines: readonly string[], cidr: string): boolean {
  const masquerade = lines.findIndex((line) => /-j MASQUERADE/.test(line))
  const returned = lines.findIndex((line) => line.includes(`-d ${cidr} `) && /-j RETURN/.test(line))
  return masquerade !== -1 && (returned === -1 || returned > masquerade)
}

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

function disagreement(
  clusters: readonly ClusterMeshFacts[],
  what: string,
  of: (ztunnel: NonNullable<ClusterMeshFacts['ztunnels']>[number]) => readonly string[],
): readonly string[] {
  const values = clusters.flatMap(({ name, ztunnels }) =>
    (ztunnels ?? []).flatMap(of).map((value) => ({ name, value })),
  )
  const different = values.find(({ value }) => value !== values[0]?.value)
  return different ? [`${different.name} has another ${what} than ${values[0]?.name}`] : []
}

function differentThreads(clusters: readonly ClusterMeshFacts[]): readonly string[] {
  const threads = new Set(
    clusters.flatMap(({ ztunnels }) => (ztunnels ?? []).flatMap((z) => z.threads ?? [])),
  )
  return threads.size > 1 ? [`ztunnels have ${[...threads].join(' and ')} threads`] : []
}
