import { availableParallelism } from 'node:os'
import { meshNamespace, serviceHostname, type PlannedPath } from '../../plan.ts'
import type { StepContext } from '../contract.ts'
import type { Found } from '../find-pods.ts'
import type { KindCluster } from '../layout.ts'
import { certificateFingerprint } from './ca.ts'
import { readDump, readRemoteClusters, ztunnelPods } from './read-mesh.ts'
import { publishedAddress, readGatewayService } from './gateway-steps.ts'
import type {
  ClusterMeshFacts,
  GatewayFacts,
  MeshFacts,
  PathFacts,
  PodFacts,
  ServiceFacts,
  ZtunnelFacts,
} from './mesh-facts.ts'
import { readLastWays } from './last-way.ts'
import { remoteServer } from './remote-secrets.ts'
import { clusterIdOf, gatewayName, networkLabel, systemNamespace, type IstioParts } from './parts.ts'
import { policyFacts, type PolicySpec } from './policy-facts.ts'
import { routeFacts } from './route-facts.ts'
import { endpointsOf, type ZtunnelDump } from '../../../evidence/ztunnel/ztunnel-dump.ts'

interface KubeObject {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: PolicySpec & {
    readonly nodeName?: string
    readonly ports?: readonly { readonly port: number }[]
    readonly trafficDistribution?: string
  }
  readonly status?: { readonly startTime?: string }
  readonly data?: Readonly<Record<string, string>>
}

/**
 * Asks every cluster and this machine for what the pitfalls judge. Reads only. `hasProbed`: requests were sent a
 * moment ago, so ztunnels' logs tell which way they took.
 * @throws HopmeterError when something does not answer.
 */
export async function collectMeshFacts(
  parts: IstioParts,
  found: Found,
  context: StepContext,
  { hasProbed = false }: { readonly hasProbed?: boolean } = {},
): Promise<MeshFacts> {
  const { scenario, paths: planned } = parts.plan
  const possible = planned.filter(({ mesh, rule }) => mesh === 'ambient' && rule.possible)
  const isOurs = parts.session?.state.backend !== 'contexts'
  const [clusters, ways, cgroupVersion] = await Promise.all([
    Promise.all(parts.clusters.map((cluster) => clusterFacts(parts, found, cluster, context))),
    hasProbed ? readLastWays(parts, found, possible, context) : new Map<string, never>(),
    isOurs ? readCgroupVersion(parts, context) : undefined,
  ])
  return {
    istio: parts.istio,
    clusters,
    paths: possible.map((path) => ({ ...pathFacts(path, clusters), ...ways.get(path.name) })),
    loads: scenario.loads,
    // A path can be first in one round and last in the next.
    longestRestMs: 2 * scenario.rounds.durationMs,
    // Rounds visit every path in shuffled order, and the client takes the times: `measure/schedule.ts`, `agent/drivers`.
    interleaved: true,
    latencySource: 'client',
    ...(isOurs ? { cores: availableParallelism() } : {}),
    ...(cgroupVersion === undefined ? {} : { cgroupVersion }),
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

/** 1 or 2, of Docker's host. */
async function readCgroupVersion(
  { tools }: IstioParts,
  { signal }: StepContext,
): Promise<number | undefined> {
  const info = tools.docker(['info', '--format', '{{json .}}'])
  const { CgroupVersion: version } = await tools.json<{ readonly CgroupVersion?: string }>(info, { signal })
  return version === undefined ? undefined : Number(version)
}

/** Clusters whose pods those of this one dial themselves, or the other way round. */
function directPeers({ plan, clusters }: IstioParts, cluster: KindCluster): readonly KindCluster[] {
  const names = plan.paths
    .filter(({ mesh, rule }) => mesh === 'ambient' && rule.possible && rule.protocol === 'HBONE')
    .map(({ client, server }) => [client.cluster, server.cluster])
    .filter((ends) => ends.includes(cluster.name))
    .flat()
  return clusters.filter((other) => other !== cluster && names.includes(other.name))
}

async function clusterFacts(
  parts: IstioParts,
  found: Found,
  cluster: KindCluster,
  context: StepContext,
): Promise<ClusterMeshFacts> {
  const { tools, facts } = parts
  const { signal } = context
  const list = async (args: readonly string[]) =>
    (
      await tools.json<{ readonly items?: readonly KubeObject[] }>(
        tools.kubectl(cluster, ['get', ...args, '-o', 'json']),
        { signal },
      )
    ).items ?? []
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
    tools.find<KubeObject>(tools.kubectl(cluster, ['get', 'namespace', systemNamespace, '-o', 'json']), {
      signal,
    }),
    tools.find<KubeObject>(tools.kubectl(cluster, ['get', 'namespace', meshNamespace, '-o', 'json']), {
      signal,
    }),
    list(['gatewayclasses']),
    list(['secrets', '--namespace', systemNamespace, '--selector', 'istio/multiCluster=true']),
    list(['pods,services', '--namespace', meshNamespace]),
    list(['networkpolicies', '--namespace', meshNamespace]),
    dumps(parts, cluster, context),
    gatewayFacts(parts, cluster, context),
    facts.of(cluster, context),
    others.length === 0 ? undefined : readRemoteClusters(parts, cluster, { signal }),
    routeFacts(parts, cluster, directPeers(parts, cluster), context),
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
        const pod = objects.find(({ kind, metadata }) => kind === 'Pod' && metadata.name === name)
        const node = nodes.find((own) => own.name === pod?.spec?.nodeName)?.number ?? workload.placement.node
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
    services: objects.filter(({ kind }) => kind === 'Service').map((service) => serviceFacts(service)),
    ...(mesh ? { namespaceLabels: mesh.metadata.labels ?? {} } : {}),
    policies: policies.flatMap((policy) => policyFacts(policy, objects)),
    ...network,
    kubernetes: nodes.length === 0 ? undefined : kubernetes,
  }
}

async function dumps(parts: IstioParts, cluster: KindCluster, context: StepContext) {
  const pods = await ztunnelPods(parts, cluster, context)
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

async function gatewayFacts(
  parts: IstioParts,
  cluster: KindCluster,
  context: StepContext,
): Promise<GatewayFacts | undefined> {
  const { tools } = parts
  const read = ['--namespace', systemNamespace, 'get', 'gateway', gatewayName, '-o', 'json']
  const [gateway, service] = await Promise.all([
    tools.find<{ readonly status?: { readonly addresses?: readonly { readonly value: string }[] } }>(
      tools.kubectl(cluster, read),
      context,
    ),
    readGatewayService(parts, cluster, context),
  ])
  if (!gateway) return undefined
  return {
    addresses: (gateway.status?.addresses ?? []).map(({ value }) => value),
    clusterIp: service?.spec.clusterIP ?? '',
    ingress: publishedAddress(service),
  }
}

function serviceFacts({ metadata, spec }: KubeObject): ServiceFacts {
  const annotated = metadata.annotations?.['networking.istio.io/traffic-distribution']
  return {
    name: metadata.name,
    hostname: `${metadata.name}.${meshNamespace}.svc.cluster.local`,
    labels: metadata.labels ?? {},
    ports: (spec?.ports ?? []).map(({ port }) => port),
    trafficDistribution: spec?.trafficDistribution ?? annotated,
  }
}
