import { meshNamespace, serviceHostname } from '../../plan.ts'
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
  PodFacts,
  PolicyFacts,
  ServiceFacts,
  ZtunnelFacts,
} from './mesh-facts.ts'
import { remoteServer } from './mesh-steps.ts'
import { clusterIdOf, gatewayName, networkLabel, systemNamespace, type IstioParts } from './parts.ts'
import { endpointsOf, type ZtunnelDump } from './ztunnel-dump.ts'

interface KubeObject {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: {
    readonly nodeName?: string
    readonly ports?: readonly { readonly port: number }[]
    readonly trafficDistribution?: string
    readonly policyTypes?: readonly string[]
    readonly ingress?: readonly { readonly ports?: readonly { readonly port?: number | string }[] }[]
  }
  readonly status?: { readonly startTime?: string }
  readonly data?: Readonly<Record<string, string>>
}

/** Asks every cluster for what the pitfalls judge. Reads only. @throws HopmeterError when something does not answer. */
export async function collectMeshFacts(
  parts: IstioParts,
  found: Found,
  context: StepContext,
): Promise<MeshFacts> {
  const clusters = await Promise.all(
    parts.clusters.map((cluster) => clusterFacts(parts, found, cluster, context)),
  )
  const paths = parts.plan.paths
    .filter(({ mesh, rule }) => mesh === 'ambient' && rule.possible)
    .map(({ name, client, server, serverWorkload, rule }) => ({
      name,
      client,
      server,
      hostname: serviceHostname(serverWorkload),
      hops: rule.possible ? rule.hops : 0,
      gateway: rule.possible
        ? rule.components.find(({ kind }) => kind === 'east-west-gateway')?.cluster
        : undefined,
    }))
  const { loads } = parts.plan.scenario
  return { istio: parts.istio, clusters, paths, loads, latencySource: 'client' }
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
        const dump = ztunnels.find(({ node }) => node === workload.placement.node)?.dump
        return {
          name,
          node: workload.placement.node,
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
    policies: policies.flatMap((policy) => policyFacts(policy)),
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

/** Without `policyTypes` a policy is about ingress (Kubernetes API, NetworkPolicySpec). */
function policyFacts({ metadata, spec }: KubeObject): PolicyFacts[] {
  if (spec?.policyTypes?.includes('Ingress') === false) return []
  const rules = spec?.ingress ?? []
  const isOpen = rules.some(({ ports }) => ports === undefined || ports.length === 0)
  const ports = rules.flatMap((rule) =>
    (rule.ports ?? []).flatMap(({ port }) => (typeof port === 'number' ? [port] : [])),
  )
  return [{ name: metadata.name, ports: isOpen ? 'all' : ports }]
}
