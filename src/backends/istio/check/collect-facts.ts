import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { NodeRoutes } from '../../kubernetes/cluster/node-shell.ts'
import {
  ofKind,
  type KubeObject,
  type PodObject,
  type SecretObject,
  type ServiceObject,
} from '../../kubernetes/cluster/objects.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { FoundPod, PodInventory } from '../../kubernetes/workloads/pod-inventory.ts'
import { certificateFingerprint } from '../../pki.ts'
import type { PlannedPath } from '../../../plan/plan-scenario.ts'
import { meshNamespace, serviceHostname } from '../../../plan/names.ts'
import { clusterIdOf, type IstioContext } from '../context.ts'
import { ztunnelQuestions } from '../read/questions.ts'
import { readDump, readRemoteClusters, ztunnelPods } from '../read/read-mesh.ts'
import { readRemoteSecrets, remoteServer } from '../read/remote-secrets.ts'
import { endpointsOf, type ZtunnelDump } from '../../../evidence/ztunnel/ztunnel-dump.ts'
import type {
  ClusterMeshFacts,
  MeshFacts,
  PathFacts,
  PodFacts,
  ServiceFacts,
  ZtunnelFacts,
} from './mesh-facts.ts'
import { policyFacts, type PolicySpec } from './policy-facts.ts'
import { gatewayFacts, standingFacts } from './standing-facts.ts'

interface PolicyObject extends KubeObject {
  readonly spec?: PolicySpec
}

/**
 * Asks every cluster and this machine for what the pitfalls judge. Reads only.
 * @param before what was found when all was well: a restart of data planes and pods leaves the rest of it as it is
 * @throws HopmeterError
 */
export async function collectMeshFacts(
  istio: IstioContext,
  found: PodInventory,
  context: StepContext,
  before?: MeshFacts,
): Promise<MeshFacts> {
  const { scenario, paths: planned } = istio.plan
  const possible = planned.filter(({ mesh, rule }) => mesh === 'ambient' && rule.possible)
  const [clusters, host] = await Promise.all([
    Promise.all(
      istio.clusters.map((cluster) => {
        const known = before?.clusters.find(({ name }) => name === cluster.name)
        return clusterFacts(istio, found, cluster, context, known)
      }),
    ),
    before ? { cores: before.cores, cgroupVersion: before.cgroupVersion } : istio.host?.(context),
  ])
  return {
    istio: istio.istio,
    clusters,
    paths: possible.map((path) => ({
      ...pathFacts(path, clusters),
      serverIp: found.pods.get(path.serverWorkload.name)?.ip,
    })),
    loads: scenario.loads,
    // A path can be first in one round and last in the next.
    longestRestMs: 2 * scenario.rounds.durationMs,
    ...host,
  }
}

/** Placement is where the pods really run, once they do. */
export function pathFacts(path: PlannedPath, clusters: readonly ClusterMeshFacts[]): PathFacts {
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

/** The same with how its istiod stands with others; nothing of one that cannot be asked. */
export async function withRemotes(
  istio: IstioContext,
  cluster: Cluster,
  facts: ClusterMeshFacts,
  context: StepContext,
): Promise<ClusterMeshFacts> {
  if (istio.clusters.length === 1 || facts.controlPlane?.isAvailable !== true) return facts
  const remotes = await readRemoteClusters(istio, cluster, context)
  return remotes.ok ? { ...facts, remotes: remotes.value } : facts
}

async function clusterFacts(
  istio: IstioContext,
  found: PodInventory,
  cluster: Cluster,
  context: StepContext,
  before: ClusterMeshFacts | undefined,
): Promise<ClusterMeshFacts> {
  const [{ policyObjects, ...known }, objects, ztunnels, { nodes }] = await Promise.all([
    before ? afterRestart(cluster, before, context) : lastingFacts(istio, cluster, context),
    cluster.list('pods,services', inMesh, context),
    dumps(istio, cluster, context),
    cluster.facts(context),
  ])
  const own = [...found.pods.values()].filter(
    ({ workload }) => workload.placement.cluster === cluster.name && workload.mesh === 'ambient',
  )
  return {
    ...known,
    ztunnels: ztunnels.map(({ node, startedAt, dump }) => ztunnelFacts(node, startedAt, dump)),
    pods: own.map((pod) => {
      const object = ofKind(objects, 'Pod').find(({ metadata }) => metadata.name === pod.name)
      const node =
        nodes.find(({ name }) => name === object?.spec.nodeName)?.number ?? pod.workload.placement.node
      return podFacts(pod, object, node, ztunnels.find((ztunnel) => ztunnel.node === node)?.dump)
    }),
    services: ofKind(objects, 'Service').map((service) => serviceFacts(service)),
    ...(policyObjects ? { policies: policyObjects.flatMap((policy) => policyFacts(policy, objects)) } : {}),
  }
}

const inMesh = { namespace: meshNamespace }

type LastingFacts = ClusterMeshFacts & { readonly policyObjects?: readonly PolicyObject[] }

/** What neither a data plane nor a pod that starts anew changes. */
async function lastingFacts(
  istio: IstioContext,
  cluster: Cluster,
  context: StepContext,
): Promise<LastingFacts> {
  const standing = await standingFacts(cluster, context)
  const [known, mesh, secrets, policyObjects, network] = await Promise.all([
    withRemotes(istio, cluster, standing, context),
    cluster.find<KubeObject>(['namespace', meshNamespace], {}, context),
    readRemoteSecrets(cluster, context),
    cluster.list<PolicyObject>('networkpolicies', inMesh, context),
    routes(cluster, directPeers(istio, cluster), context),
  ])
  return {
    ...known,
    remoteServers: remoteServers(istio, cluster, secrets),
    ...(mesh ? { namespaceLabels: mesh.metadata.labels ?? {} } : {}),
    policyObjects,
    ...network,
  }
}

/** A gateway can have come back elsewhere. */
async function afterRestart(
  cluster: Cluster,
  before: ClusterMeshFacts,
  context: StepContext,
): Promise<LastingFacts> {
  if (before.gateway === undefined) return before
  const gateway = await gatewayFacts(cluster, context)
  return { ...before, gateway }
}

function remoteServers(
  istio: IstioContext,
  cluster: Cluster,
  secrets: readonly SecretObject[],
): ReadonlyMap<string, string> {
  const servers = istio.clusters.flatMap((other) => {
    const id = clusterIdOf(istio, other.name)
    const secret = secrets.find(({ metadata }) => metadata.name === `istio-remote-secret-${id}`)
    const server = other === cluster ? undefined : remoteServer(secret?.data?.[id])
    return server === undefined ? [] : [[other.name, server] as const]
  })
  return new Map(servers)
}

function podFacts(
  { name, ip, workload }: FoundPod,
  object: PodObject | undefined,
  node: number,
  dump: ZtunnelDump | undefined,
): PodFacts {
  const known = dump?.workloads.find(({ workloadIps }) => workloadIps?.includes(ip))
  // By uid: a pod of that name that went while ztunnel started can stay in there for ever, as Pending.
  const state = dump?.workloadState?.[object?.metadata.uid ?? '']
  return {
    name,
    workload: workload.name,
    node,
    mesh: workload.mesh,
    redirection: object?.metadata.annotations?.['ambient.istio.io/redirection'],
    protocol: dump && (known?.protocol ?? 'unknown'),
    state: dump && (state?.state ?? 'absent'),
    labels: object?.metadata.labels ?? {},
    startedAt: object?.status?.startTime,
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

async function dumps(istio: IstioContext, cluster: Cluster, context: StepContext) {
  const pods = await ztunnelPods(cluster, context)
  return Promise.all(
    pods.map(async ({ pod, node }) => {
      const { name } = pod.metadata
      const ask = await ztunnelQuestions(cluster, pod, context)
      const dump = await readDump(istio, cluster, name, ask.dump, context)
      return { node, startedAt: pod.status?.startTime, dump }
    }),
  )
}

function ztunnelFacts(node: number, startedAt: string | undefined, dump: ZtunnelDump): ZtunnelFacts {
  const certificates = dump.certificates ?? []
  const roots = certificates.flatMap(({ rootCerts }) => (rootCerts ?? []).flatMap(({ pem }) => pem ?? []))
  const endpoints = dump.services.map(({ hostname }) => {
    const known = endpointsOf(dump, hostname).map(({ clusterId, networkGateway, workloadIps }) => ({
      clusterId: clusterId ?? 'unknown',
      viaGateway: networkGateway?.destination,
      ips: workloadIps ?? [],
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

function serviceFacts({ metadata, spec }: ServiceObject): ServiceFacts {
  const annotated = metadata.annotations?.['networking.istio.io/traffic-distribution']
  return {
    name: metadata.name,
    hostname: serviceHostname({ name: metadata.name, mesh: 'ambient' }),
    labels: metadata.labels ?? {},
    ports: (spec.ports ?? []).map(({ port }) => port),
    trafficDistribution: spec.trafficDistribution ?? annotated,
  }
}
