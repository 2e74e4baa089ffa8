import { meshNamespace, serverPort, serviceHostname, type PlannedPath } from '../../plan.ts'
import type { Readiness, StepContext } from '../contract.ts'
import { podsFor, type Found } from '../find-pods.ts'
import type { KindCluster } from '../layout.ts'
import type { FoundPod } from '../testbed.ts'
import { agentCommandLine } from '../workload-manifests.ts'
import { readDump, readRemoteClusters, ztunnelPods } from './read-mesh.ts'
import { publishedAddress, readGatewayService } from './gateway-steps.ts'
import { gatewayName, isProxied, systemNamespace, type IstioParts } from './parts.ts'
import { collectMeshFacts } from './collect-facts.ts'
import { findPitfalls } from './pitfalls/find-pitfalls.ts'
import type { Finding } from './pitfalls/pitfall.ts'
import { probeProgram, readProbe } from './probe.ts'
import { endpointsOf, isSplitHorizon, type ZtunnelDump } from '../../../evidence/ztunnel/ztunnel-dump.ts'

/** Own deadlines: what istiod pushes comes in seconds, what a laptop starts in minutes. */
const deadlines = {
  synced: 120_000,
  published: 60_000,
  captured: 60_000,
  endpoint: 90_000,
  probe: 90_000,
  pitfalls: 30_000,
} as const

/** States that paths need, in the order in which they come about. */
export function meshReadiness(parts: IstioParts, found: Found): readonly Readiness[] {
  const paths = parts.plan.paths.filter(({ mesh, rule }) => mesh === 'ambient' && rule.possible)
  const scale = (ms: number) => parts.tools.deadlineMs(ms)
  const list = [
    ...parts.clusters.filter(() => parts.clusters.length > 1).map((cluster) => remotesSynced(parts, cluster)),
    ...parts.gateways.map((cluster) => gatewayPublished(parts, cluster)),
    ...clientNodes(parts, paths).map(([cluster, node]) => podsCaptured(parts, found, cluster, node)),
    ...paths.map((path) => endpointKnown(parts, found, path)),
    noPitfall(parts, found),
    ...paths.map((path) => probeAnswered(parts, found, path)),
  ]
  return list.map((readiness) => ({ ...readiness, deadlineMs: scale(readiness.deadlineMs) }))
}

function clusterOf({ clusters }: IstioParts, name: string): KindCluster {
  const cluster = clusters.find((c) => c.name === name)
  if (!cluster) throw new RangeError(`no cluster "${name}"`)
  return cluster
}

function remotesSynced(parts: IstioParts, cluster: KindCluster): Readiness {
  const wanted = parts.clusters.filter((other) => other !== cluster).map(({ name }) => name)
  return {
    name: `istiod of ${cluster.name} reads ${wanted.join(' and ')}`,
    deadlineMs: deadlines.synced,
    check: async (context) => {
      const reading = await readRemoteClusters(parts, cluster, context)
      if (!reading.ok) return reading.cannotRead
      const missing = wanted.flatMap((name) => {
        const status = reading.value.get(name)
        return status === 'synced' ? [] : [`${name} is ${status ?? 'unknown to it'}`]
      })
      return missing.length === 0 ? null : missing.join(', ')
    },
    explain: (missing) =>
      missing.includes('unknown')
        ? `its remote secret is missing or has another name than the cluster: kubectl --context ${cluster.context} --namespace ${systemNamespace} get secrets --selector istio/multiCluster=true`
        : 'its API server does not answer at the address in the remote secret: nodes must reach each other, and 127.0.0.1 is the pod itself',
  }
}

function gatewayPublished(parts: IstioParts, cluster: KindCluster): Readiness {
  const { tools } = parts
  const read = tools.kubectl(cluster, [
    '--namespace',
    systemNamespace,
    'get',
    'gateway',
    gatewayName,
    '-o',
    'json',
  ])
  return {
    name: `the east-west gateway of ${cluster.name} publishes its load balancer's address`,
    deadlineMs: deadlines.published,
    check: async ({ signal }) => {
      const [gateway, service] = await Promise.all([
        tools.json<{ readonly status?: { readonly addresses?: readonly { readonly value: string }[] } }>(
          read,
          { signal },
        ),
        readGatewayService(parts, cluster, { signal }),
      ])
      const addresses = (gateway.status?.addresses ?? []).map(({ value }) => value)
      const ingress = publishedAddress(service)
      if (ingress === undefined) return 'its Service has no load balancer address'
      if (addresses.length === 1 && addresses[0] === ingress) return null
      const isClusterIp = addresses.includes(service?.spec.clusterIP ?? '-')
      return `${addresses.join(', ') || 'nothing'}${isClusterIp ? " (the Service's ClusterIP)" : ''} instead of ${ingress}`
    },
    explain: () =>
      "while the load balancer's address is pending, the gateway publishes its ClusterIP, which other clusters dial in vain for 10 s; " +
      `kubectl --context ${cluster.context} --namespace ${systemNamespace} get gateway,service ${gatewayName}`,
  }
}

function clientNodes(
  parts: IstioParts,
  paths: readonly PlannedPath[],
): readonly (readonly [KindCluster, number])[] {
  const places = paths.flatMap(({ client, server }) => [client, server])
  const unique = new Map(places.map((place) => [`${place.cluster}/${place.node}`, place]))
  return [...unique.values()].map(({ cluster, node }) => [clusterOf(parts, cluster), node] as const)
}

/** The view of the ztunnel on one node. */
async function dumpOf(
  parts: IstioParts,
  cluster: KindCluster,
  node: number,
  context: StepContext,
): Promise<ZtunnelDump | undefined> {
  const pods = await ztunnelPods(parts, cluster, context)
  const pod = pods.find((entry) => entry.node === node)?.pod
  return pod && readDump(parts, cluster, pod.metadata.name, context)
}

function podsCaptured(parts: IstioParts, found: Found, cluster: KindCluster, node: number): Readiness {
  const pods = [...found.pods.values()].filter(
    ({ workload: { mesh, placement } }) =>
      mesh === 'ambient' && placement.cluster === cluster.name && placement.node === node,
  )
  return {
    name: `pods on node ${node} of ${cluster.name} are in the mesh`,
    deadlineMs: deadlines.captured,
    check: async (context) => {
      const dump = await dumpOf(parts, cluster, node, context)
      if (!dump) return 'no ztunnel runs there'
      const missing = pods.flatMap(({ ip, name }) => {
        const known = dump.workloads.find(({ workloadIps }) => workloadIps?.includes(ip))
        if (known?.protocol !== 'HBONE') return [`${name} is ${known?.protocol ?? 'unknown'} to ztunnel`]
        const state = Object.values(dump.workloadState ?? {}).find(({ info }) => info?.name === known.name)
        return state?.state === 'Up' ? [] : [`${name} is not redirected to ztunnel`]
      })
      return missing.length === 0 ? null : missing.join(', ')
    },
    explain: () =>
      `namespace ${meshNamespace} needs istio.io/dataplane-mode=ambient before its pods start, and istio-cni must run on the node; ` +
      'an uncaptured pod sends plain TCP',
  }
}

function endpointKnown(parts: IstioParts, found: Found, path: PlannedPath): Readiness {
  const client = clusterOf(parts, path.client.cluster)
  const { rule, serverWorkload } = path
  const server = found.pods.get(serverWorkload.name)
  const hostname = serviceHostname(serverWorkload)
  const entered = rule.possible ? rule.components.find(({ kind }) => kind === 'east-west-gateway') : undefined
  return {
    name: `ztunnel of ${client.name} knows the way to ${serverWorkload.name}`,
    deadlineMs: deadlines.endpoint,
    check: async (context) => {
      const dump = await dumpOf(parts, client, path.client.node, context)
      if (!dump) return 'no ztunnel runs on the client’s node'
      const endpoints = endpointsOf(dump, hostname)
      if (endpoints.length === 0) return `${hostname} has no endpoint`
      if (endpoints.length > 1) return `${hostname} has ${endpoints.length} endpoints`
      const [endpoint] = endpoints
      if (!endpoint) return `${hostname} has no endpoint`
      if (!entered) {
        if (isSplitHorizon(endpoint))
          return 'it would go through a gateway: istiod takes the server for another network'
        const isRight =
          endpoint.workloadIps?.includes(server?.ip ?? '-') && endpoint.clusterId === path.server.cluster
        return isRight
          ? null
          : `${endpoint.workloadIps?.join() ?? 'no address'} of ${endpoint.clusterId} instead of ${server?.ip}`
      }
      const gateway = clusterOf(parts, entered.cluster)
      const service = await readGatewayService(parts, gateway, context)
      const wanted = `${gateway.spec.network}/${publishedAddress(service) ?? '?'}`
      const actual = endpoint.networkGateway?.destination
      return isSplitHorizon(endpoint) && actual === wanted
        ? null
        : `${actual ?? endpoint.workloadIps?.join() ?? 'no gateway'} instead of gateway ${wanted}`
    },
    explain: () =>
      entered
        ? `the network labels must differ, the Service must be istio.io/global=true in ${client.name} and ${path.server.cluster}, and the gateway of ${entered.cluster} must be known: istiod logs "No network gateway found" otherwise`
        : 'the network labels must be equal, the Service must be istio.io/global=true in both clusters and AMBIENT_ENABLE_MULTI_NETWORK on in both istiods; istiod before 1.31 may serve local data only after its start',
  }
}

/** What makes paths wrong stops here; what only colours numbers is left to the notes of a run. */
function noPitfall(parts: IstioParts, found: Found): Readiness {
  let last: readonly Finding[] = []
  return {
    name: 'the mesh has none of the known pitfalls',
    deadlineMs: deadlines.pitfalls,
    check: async (context) => {
      const findings = findPitfalls(await collectMeshFacts(parts, found, context))
      last = findings.filter(({ pitfall }) => pitfall.severity === 'error')
      return last.length === 0 ? null : last.map(({ message }) => message).join('; ')
    },
    explain: () =>
      [...new Set(last.map(({ pitfall }) => `${pitfall.why}. ${pitfall.remedy}`))].join('\n') ||
      'a cluster did not answer: is its control plane up?',
  }
}

function probeAnswered({ tools }: IstioParts, found: Found, path: PlannedPath): Readiness {
  const clients = podsFor(found, path.clientWorkload)
  const target = found.services.get(`${path.client.cluster}/${path.serverWorkload.name}`)
  const probe = async ({ name, cluster }: FoundPod, signal: AbortSignal) => {
    const args = [
      ...['exec', '--namespace', meshNamespace, name, '--'],
      ...[agentCommandLine[0], '-e', probeProgram, target ?? '', String(serverPort)],
    ]
    const answer = readProbe(await tools.call(tools.kubectl(cluster, args), { signal, timeoutMs: 20_000 }))
    if ('error' in answer) return answer.error
    if (answer.cluster === path.server.cluster && answer.pod === path.serverWorkload.name) return null
    return `${answer.pod} of ${answer.cluster} answered`
  }
  return {
    name: `one request on ${path.name} is answered by ${path.server.cluster}`,
    deadlineMs: deadlines.probe,
    check: async ({ signal }) => {
      if (clients.length === 0 || target === undefined)
        return 'the client has no pod or the service no address'
      // Each pod: that request opens its first tunnel, too.
      const problems = await Promise.all(clients.map((client) => probe(client, signal)))
      const failed = problems.flatMap((problem, i) =>
        problem === null ? [] : [clients.length === 1 ? problem : `${clients[i]?.name}: ${problem}`],
      )
      return failed.length === 0 ? null : failed.join('; ')
    },
    explain: (missing) =>
      missing.includes('answered')
        ? 'the service has endpoints in another cluster: the server must run in one cluster only'
        : isTimeout(missing)
          ? 'packets do not arrive: routes of pod CIDRs must exist in both directions, and nothing may block TCP port 15008'
          : `ztunnel refused it; kubectl --context ${clients[0]?.cluster.context ?? ''} --namespace ${systemNamespace} logs daemonset/ztunnel says why`,
  }
}

function isTimeout(text: string): boolean {
  return /timed? ?out|ETIMEDOUT|ECONNRESET/i.test(text)
}

/** Whether the load balancer of any gateway proxies. */
export function hasProxy(parts: IstioParts): boolean {
  return parts.gateways.some((cluster) => isProxied(cluster))
}
