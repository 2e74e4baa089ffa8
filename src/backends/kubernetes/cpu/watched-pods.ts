import type { Component } from '../../../topology/model.ts'
import type { FactsBook } from '../cluster/cluster-facts.ts'
import type { TestbedCluster } from '../cluster/layout.ts'
import type { KubeCluster, StepContext } from '../steps/step.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import type { Found } from '../workloads/pod-inventory.ts'

/** A pod whose CPU time is read. */
export interface WatchedPod {
  readonly cluster: KubeCluster
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** Name of its node; for kind that of its container, too. */
  readonly node: string
  readonly component: Component
}

interface PodObject {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly uid: string
    readonly labels?: Readonly<Record<string, string>>
    readonly deletionTimestamp?: string
  }
  readonly spec: { readonly nodeName?: string }
  readonly status?: { readonly phase?: string }
}

export interface CpuParts {
  readonly tools: Toolbox
  readonly facts: FactsBook
  readonly clusters: readonly TestbedCluster[]
  readonly found: Found
}

/** Pods of the testbed: ztunnels, east-west gateways, clients and servers. */
export async function watchedPods(parts: CpuParts, context: StepContext): Promise<readonly WatchedPod[]> {
  const perCluster = await Promise.all(
    parts.clusters.map(async (cluster) => {
      const list = parts.tools.kubectl(cluster, ['get', 'pods', '--all-namespaces', '-o', 'json'])
      const [{ items }, { nodes }] = await Promise.all([
        parts.tools.json<{ readonly items?: readonly PodObject[] }>(list, context),
        parts.facts.of(cluster, context),
      ])
      return (items ?? []).flatMap((pod): WatchedPod[] => {
        const { name, namespace, uid, deletionTimestamp } = pod.metadata
        const node = pod.spec.nodeName
        const component = componentOf(pod, cluster, nodes, parts.found)
        const isRunning = pod.status?.phase === 'Running' && deletionTimestamp === undefined
        if (!component || node === undefined || !isRunning) return []
        return [{ cluster, namespace, name, uid, node, component }]
      })
    }),
  )
  return perCluster.flat()
}

function componentOf(
  { metadata: { name, namespace, labels = {} }, spec }: PodObject,
  cluster: TestbedCluster,
  nodes: readonly { readonly name: string; readonly number: number }[],
  found: Found,
): Component | undefined {
  const node = nodes.find((n) => n.name === spec.nodeName)?.number
  if (namespace === 'istio-system' && labels['app'] === 'ztunnel' && node !== undefined) {
    return { kind: 'ztunnel', cluster: cluster.name, node }
  }
  if (labels['gateway.networking.k8s.io/gateway-name'] === 'istio-eastwestgateway') {
    return { kind: 'east-west-gateway', cluster: cluster.name }
  }
  const own = [...found.pods.values()].find((pod) => pod.name === name && pod.cluster.name === cluster.name)
  if (!own) return undefined
  return {
    kind: own.workload.role === 'server' ? 'server-pod' : 'client-pod',
    ...own.workload.placement,
  }
}
