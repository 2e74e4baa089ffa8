import { HopmeterError } from '../../../errors.ts'
import type { Command } from '../../backend.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { PodObject } from '../../kubernetes/cluster/objects.ts'
import type { Reading } from '../../../evidence/reading.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { clusterNameOf, isProxied, type IstioContext } from '../context.ts'
import { hbonePort, systemNamespace } from '../../../plan/names.ts'
import {
  gatewayNodePort,
  gatewayPods,
  publishedAddress,
  readGatewayService,
  servingPods,
} from './read-gateway.ts'
import { parseRemoteClusters } from './remote-clusters.ts'
import { parseZtunnelDump, type ZtunnelDump } from '../../../evidence/ztunnel/ztunnel-dump.ts'

type Signal = Pick<StepContext, 'signal'>

/** A gateway as clients of other networks reach it, and as servers see it. */
export interface GatewayView {
  readonly cluster: string
  readonly proxied: boolean
  /** IP address that istiod publishes. */
  readonly published: string
  readonly podIps: readonly string[]
  /** Further `ip:port` that lead to it: node ports, the Service's own address. */
  readonly entrances: readonly string[]
}

/** ztunnel pods of a cluster, with the number of their node. */
export async function ztunnelPods(
  cluster: Cluster,
  context: Signal,
): Promise<readonly { readonly pod: PodObject; readonly node: number }[]> {
  const [pods, { nodes }] = await Promise.all([
    servingPods(cluster, 'app=ztunnel', context),
    cluster.facts(context),
  ])
  return pods.flatMap((pod) => {
    const node = nodes.find(({ name }) => name === pod.spec.nodeName)?.number
    return node === undefined ? [] : [{ pod, node }]
  })
}

/** Asks a ztunnel for everything that it believes. */
export function dumpCommand(cluster: Cluster, pod: string): Command {
  return cluster.istioctl(['ztunnel-config', 'all', `${pod}.${systemNamespace}`, '-o', 'json'])
}

/** Everything one ztunnel believes. @throws HopmeterError when it cannot be read. */
export async function readDump(
  istio: Pick<IstioContext, 'clusterIds'>,
  cluster: Cluster,
  pod: string,
  command: Command,
  context: Signal,
): Promise<ZtunnelDump> {
  const reading = parseZtunnelDump(await cluster.call(command, context))
  if (!reading.ok) throw new HopmeterError(`${pod} of ${cluster.name}: ${reading.cannotRead}`)
  return renamed(istio, reading.value)
}

/** With the scenario's names for clusters. */
function renamed(istio: Pick<IstioContext, 'clusterIds'>, dump: ZtunnelDump): ZtunnelDump {
  const { config, workloads } = dump
  if (istio.clusterIds === undefined) return dump
  const rename = (id: string | null | undefined) => (id ? clusterNameOf(istio, id) : id)
  return {
    ...dump,
    config: config && { ...config, clusterId: rename(config.clusterId) },
    workloads: workloads.map((workload) => ({ ...workload, clusterId: rename(workload.clusterId) })),
  }
}

/** How istiod of a cluster stands with each cluster, by the scenario's names. @throws CommandError */
export async function readRemoteClusters(
  istio: Pick<IstioContext, 'clusterIds'>,
  cluster: Cluster,
  { signal }: Signal,
): Promise<Reading<ReadonlyMap<string, string>>> {
  const command = cluster.istioctl(['remote-clusters'])
  const reading = parseRemoteClusters(await cluster.call(command, { signal }))
  if (!reading.ok) return reading
  return {
    ok: true,
    value: new Map([...reading.value].map(([id, state]) => [clusterNameOf(istio, id), state])),
  }
}

/** Gateways as they are published and as they run. */
export async function readGateways(
  { gateways }: Pick<IstioContext, 'gateways'>,
  context: StepContext,
): Promise<readonly GatewayView[]> {
  return Promise.all(
    gateways.map(async (cluster) => {
      const [service, pods, { nodes }] = await Promise.all([
        readGatewayService(cluster, context),
        gatewayPods(cluster, context),
        cluster.facts(context),
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
