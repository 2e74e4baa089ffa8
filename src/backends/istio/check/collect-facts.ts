import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { NodeRoutes } from '../../kubernetes/cluster/node-shell.ts'
import { ofKind, type KubeObject, type ServiceObject } from '../../kubernetes/cluster/objects.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { PodInventory } from '../../kubernetes/workloads/pod-inventory.ts'
import { certificateFingerprint } from '../../pki.ts'
import { meshNamespace, serviceHostname, type PlannedPath } from '../../plan.ts'
import { clusterIdOf, type IstioContext } from '../context.ts'
import { networkLabel, systemNamespace } from '../names.ts'
import { publishedAddress, readGateway, readGatewayService } from '../read/read-gateway.ts'
import { readDump, readRemoteClusters, ztunnelPods } from '../read/read-mesh.ts'
import { readRemoteSecrets, remoteServer } from '../read/remote-secrets.ts'
import { endpointsOf, type ZtunnelDump } from '../read/ztunnel-dump.ts'
import { readLastWays } from './last-way.ts'
import type {
  ClusterMeshFacts,
  GatewayFacts,
  MeshFacts,
  PathFacts,
  PodFacts,
  ServiceFacts,
  ZtunnelFacts,
} from './mesh-facts.ts'
import { policyFacts, type PolicySpec } from './policy-facts.ts'

interface PolicyObject extends KubeObject {
  readonly spec?: PolicySpec
}

/**
 * Asks every cluster and this machine for what the pitfalls judge. Reads only. `hasProbed`: requests were sent a
 * moment ago, so ztunnels' logs tell which way they took.
 * @throws HopmeterError when something does not answer.
 */
export async function collectMeshFacts(
  parts: IstioContext,
  found: PodInventory,
  context: StepContext,
  { hasProbed = false }: { readonly hasProbed?: boolean } = {},
): Promise<MeshFacts> {
  const { scenario, paths: planned } = parts.plan
  const possible = planned.filter(({ mesh, rule }) => mesh === 'ambient' && rule.possible)
  const [clusters, ways, host] = await Promise.all([
    Promise.all(parts.clusters.map((cluster) => clusterFacts(parts, found, cluster, context))),
    hasProbed ? readLastWays(parts, found, possible, context) : new Map<string, never>(),
    parts.host?.(context),
  ])
  return {
    istio: parts.istio,
    clusters,
    paths: possible.map((path) => ({ ...pathFacts(path, clusters), ...ways.get(path.name) })),
    loads: scenario.loads,
    // A path can be first in one round and last in the next.
    longestRestMs: 2 * scenario.rounds.durationMs,
    ...host,
  }
}

/** Placement is where the pods really run. */
function pathFacts(path: PlannedPath, clusters: readonly ClusterMeshFacts[]): PathFacts {
  const { name, client, server, clientWorkload, serverWorkload, rule } = path
  const nodeOf = (workload: string, cluster: string, planned: number) =>
    clusters.find((c) => c.name === cluster)?.pods?.find((pod) => pod.workload === workload)?.node ?? planned
  return {
    name,
    client: { cluster: client.cluster, node: nodeOf(clientWorkload.name, client.cluster, client.node) },
    server: { cluster: server.cluster, node: nodeOf(serverWorkload.name, server.cluster, server.node) },
    hostname: serviceHostname(serverWorkload),
    hops: rule.possible ? rule.hops : 0,
    gateway: rule.possible
      ? rule.components.find(({ kind }) => kind === 'east-west-gateway')?.cluster
      : undefined,
  }
}

/** Clusters whose pods those of this one dial themselves, or the other way round. */
function directPeers({ plan, clusters }: IstioContext, cluster: Cluster): readonly Cluster[] {
  const names = plan.paths
    .filter(({ mesh, rule }) => mesh === 'ambient' && rule.possible && rule.protocol === 'HBONE')
    .map(({ client, server }) => [client.cluster, server.cluster])
    .filter((ends) => ends.includes(cluster.name))
    .flat()
  return clusters.filter((other) => other !== cluster && names.includes(other.name))
}

async function clusterFacts(
  parts: IstioContext,
  found: PodInventory,
  cluster: Cluster,
  context: StepContext,
): Promise<ClusterMeshFacts> {
  const inMesh = { namespace: meshNamespace }
  const others = parts.clusters.filter((other) => other !== cluster)
  const [
    system,
    mesh,
    classes,
    secrets,
    objects,
    policies,
    ztunnels,
    gateway,
    { nodes, kubernetes },
    remotes,
    network,
  ] = await Promise.all([
    cluster.find<KubeObject>(['namespace', systemNamespace], {}, context),
    cluster.find<KubeObject>(['namespace', meshNamespace], {}, context),
    cluster.list('gatewayclasses', {}, context),
    readRemoteSecrets(cluster, context),
    cluster.list('pods,services', inMesh, context),
    cluster.list<PolicyObject>('networkpolicies', inMesh, context),
    dumps(parts, cluster, context),
    gatewayFacts(cluster, context),
    cluster.facts(context),
    others.length === 0 ? undefined : readRemoteClusters(parts, cluster, context),
    routes(cluster, directPeers(parts, cluster), context),
  ])
  const servers = others.flatMap(({ name }) => {
    const id = clusterIdOf(parts, name)
    const secret = secrets.find(({ metadata }) => metadata.name === `istio-remote-secret-${id}`)
    const server = remoteServer(secret?.data?.[id])
    return server === undefined ? [] : [[name, server] as const]
  })
  const workloads = [...found.pods.values()].filter(
    ({ workload }) => workload.placement.cluster === cluster.name,
  )
  return {
    name: cluster.name,
    podCidr: cluster.spec.podCidr,
    serviceCidr: cluster.spec.serviceCidr,
    network: cluster.spec.network,
    networkLabel: system?.metadata.labels?.[networkLabel] ?? '',
    gatewayClasses: classes.map(({ metadata }) => metadata.name),
    ...(remotes?.ok ? { remotes: remotes.value } : {}),
    remoteServers: new Map(servers),
    ztunnels: ztunnels.map(({ node, startedAt, dump }) => ztunnelFacts(node, startedAt, dump)),
    ...(gateway ? { gateway } : {}),
    pods: workloads
      .filter(({ workload }) => workload.mesh === 'ambient')
      .map(({ name, ip, workload }): PodFacts => {
        const pod = ofKind(objects, 'Pod').find(({ metadata }) => metadata.name === name)
        const node = nodes.find((own) => own.name === pod?.spec.nodeName)?.number ?? workload.placement.node
        const dump = ztunnels.find((ztunnel) => ztunnel.node === node)?.dump
        return {
          name,
          workload: workload.name,
          node,
          mesh: workload.mesh,
          redirection: pod?.metadata.annotations?.['ambient.istio.io/redirection'],
          protocol:
            dump?.workloads.find(({ workloadIps }) => workloadIps?.includes(ip))?.protocol ?? undefined,
          labels: pod?.metadata.labels ?? {},
          startedAt: pod?.status?.startTime,
        }
      }),
    services: ofKind(objects, 'Service').map((service) => serviceFacts(service)),
    ...(mesh ? { namespaceLabels: mesh.metadata.labels ?? {} } : {}),
    policies: policies.flatMap((policy) => policyFacts(policy, objects)),
    ...network,
    kubernetes: nodes.length === 0 ? undefined : kubernetes,
  }
}

/** Nodes of clusters that the user has cannot be asked. */
function routes(
  { nodes }: Cluster,
  peers: readonly Cluster[],
  context: StepContext,
): Promise<NodeRoutes | undefined> {
  return nodes && peers.length > 0 ? nodes.routesTo(peers, context) : Promise.resolve(undefined)
}

async function dumps(parts: IstioContext, cluster: Cluster, context: StepContext) {
  const pods = await ztunnelPods(cluster, context)
  return Promise.all(
    pods.map(async ({ pod, node }) => {
      const dump = await readDump(parts, cluster, pod.metadata.name, context)
      return { node, startedAt: pod.status?.startTime, dump }
    }),
  )
}

function ztunnelFacts(node: number, startedAt: string | undefined, dump: ZtunnelDump): ZtunnelFacts {
  const certificates = dump.certificates ?? []
  const roots = certificates.flatMap(({ rootCerts }) => (rootCerts ?? []).flatMap(({ pem }) => pem ?? []))
  const endpoints = dump.services.map(({ hostname }) => {
    const known = endpointsOf(dump, hostname).map(({ clusterId, networkGateway }) => ({
      clusterId: clusterId ?? 'unknown',
      viaGateway: networkGateway?.destination,
    }))
    return [hostname, known] as const
  })
  return {
    node,
    network: dump.config?.network ?? '',
    clusterId: dump.config?.clusterId ?? '',
    threads: dump.config?.numWorkerThreads ?? undefined,
    roots: [...new Set(roots.flatMap((pem) => fingerprint(pem)))],
    trustDomains: [
      ...new Set(certificates.flatMap(({ identity }) => /^spiffe:\/\/([^/]+)/.exec(identity)?.[1] ?? [])),
    ],
    startedAt,
    endpoints: new Map(endpoints),
  }
}

/** config_dump holds certificates as base64 of their PEM text. */
function fingerprint(encoded: string): string[] {
  try {
    return [certificateFingerprint(Buffer.from(encoded, 'base64').toString())]
  } catch {
    return []
  }
}

async function gatewayFacts(cluster: Cluster, context: StepContext): Promise<GatewayFacts | undefined> {
  const [gateway, service] = await Promise.all([
    readGateway(cluster, context),
    readGatewayService(cluster, context),
  ])
  if (!gateway) return undefined
  return {
    addresses: (gateway.status?.addresses ?? []).map(({ value }) => value),
    clusterIp: service?.spec.clusterIP ?? '',
    ingress: publishedAddress(service),
  }
}

function serviceFacts({ metadata, spec }: ServiceObject): ServiceFacts {
  const annotated = metadata.annotations?.['networking.istio.io/traffic-distribution']
  return {
    name: metadata.name,
    hostname: `${metadata.name}.${meshNamespace}.svc.cluster.local`,
    labels: metadata.labels ?? {},
    ports: (spec.ports ?? []).map(({ port }) => port),
    trafficDistribution: spec.trafficDistribution ?? annotated,
  }
}
