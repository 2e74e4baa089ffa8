import { HopmeterError } from '../../../errors.ts'
import type { Command } from '../../backend.ts'
import type { StepContext } from '../contract.ts'
import type { KindCluster } from '../layout.ts'
import type { Toolbox } from '../toolbox.ts'
import {
  gatewayNodePort,
  gatewayPods,
  publishedAddress,
  readGatewayService,
  servingPods,
  type PodObject,
} from './gateway-steps.ts'
import type { GatewayView } from './mesh-view.ts'
import { clusterNameOf, hbonePort, isProxied, systemNamespace, type IstioParts } from './parts.ts'
import type { Reading } from '../../../evidence/reading.ts'
import { parseRemoteClusters } from './remote-clusters.ts'
import { parseZtunnelDump, type ZtunnelDump } from '../../../evidence/ztunnel/ztunnel-dump.ts'

/** ztunnel pods of a cluster, with the number of their node. */
export async function ztunnelPods(
  parts: Pick<IstioParts, 'tools' | 'facts'>,
  cluster: KindCluster,
  context: StepContext,
): Promise<readonly { readonly pod: PodObject; readonly node: number }[]> {
  const [pods, { nodes }] = await Promise.all([
    servingPods(parts, cluster, 'app=ztunnel', context),
    parts.facts.of(cluster, context),
  ])
  return pods.flatMap((pod) => {
    const node = nodes.find(({ name }) => name === pod.spec.nodeName)?.number
    return node === undefined ? [] : [{ pod, node }]
  })
}

/** Asks a ztunnel for everything that it believes. */
export function dumpCommand(tools: Toolbox, cluster: KindCluster, pod: string): Command {
  return tools.istioctl(cluster, ['ztunnel-config', 'all', `${pod}.${systemNamespace}`, '-o', 'json'])
}

/** Everything one ztunnel believes. @throws HopmeterError when it cannot be read. */
export async function readDump(
  parts: Pick<IstioParts, 'tools' | 'clusterIds'>,
  cluster: KindCluster,
  pod: string,
  context: Pick<StepContext, 'signal'>,
): Promise<ZtunnelDump> {
  const reading = parseZtunnelDump(await parts.tools.call(dumpCommand(parts.tools, cluster, pod), context))
  if (!reading.ok) throw new HopmeterError(`${pod} of ${cluster.name}: ${reading.cannotRead}`)
  return renamed(parts, reading.value)
}

/** With the scenario's names for clusters. */
function renamed(parts: Pick<IstioParts, 'clusterIds'>, dump: ZtunnelDump): ZtunnelDump {
  const { config, workloads } = dump
  if (parts.clusterIds === undefined) return dump
  const rename = (id: string | null | undefined) => (id ? clusterNameOf(parts, id) : id)
  return {
    ...dump,
    config: config && { ...config, clusterId: rename(config.clusterId) },
    workloads: workloads.map((workload) => ({ ...workload, clusterId: rename(workload.clusterId) })),
  }
}

/** How istiod of a cluster stands with each cluster, by the scenario's names. @throws CommandError */
export async function readRemoteClusters(
  parts: Pick<IstioParts, 'tools' | 'clusterIds'>,
  cluster: KindCluster,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<Reading<ReadonlyMap<string, string>>> {
  const command = parts.tools.istioctl(cluster, ['remote-clusters'])
  const reading = parseRemoteClusters(await parts.tools.call(command, { signal }))
  if (!reading.ok) return reading
  return {
    ok: true,
    value: new Map([...reading.value].map(([id, state]) => [clusterNameOf(parts, id), state])),
  }
}

/** Gateways as they are published and as they run. */
export async function readGateways(parts: IstioParts, context: StepContext): Promise<readonly GatewayView[]> {
  return Promise.all(
    parts.gateways.map(async (cluster) => {
      const [service, pods, { nodes }] = await Promise.all([
        readGatewayService(parts, cluster, context),
        gatewayPods(parts, cluster, context),
        parts.facts.of(cluster, context),
      ])
      const published = publishedAddress(service)
      const nodePort = gatewayNodePort(service)
      if (published === undefined || nodePort === undefined) {
        throw new HopmeterError(`the east-west gateway of ${cluster.name} has no published address`)
      }
      return {
        cluster: cluster.name,
        proxied: isProxied(cluster),
        published,
        podIps: pods.flatMap(({ status }) => status?.podIP ?? []),
        // Also those that it should not be reached by: a wrong published address is then told as what it is.
        entrances: [
          ...nodes.flatMap(({ address }) => [`${address}:${nodePort}`, `${address}:${hbonePort}`]),
          `${service?.spec.clusterIP}:${hbonePort}`,
        ].filter((address) => address !== `${published}:${hbonePort}`),
      }
    }),
  )
}
