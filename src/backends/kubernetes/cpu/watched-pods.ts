import type { Component } from '../../../topology/model.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { isServing, type PodObject } from '../cluster/objects.ts'
import type { ServiceMesh } from '../mesh.ts'
import type { StepContext } from '../steps/step.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import type { PodInventory } from '../workloads/pod-inventory.ts'

/** A pod whose CPU time is read. */
export interface WatchedPod {
  readonly cluster: Cluster
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** Name of its node. */
  readonly node: string
  readonly component: Component
}

export interface CpuParts {
  readonly tools: Toolbox
  readonly clusters: readonly Cluster[]
  readonly found: PodInventory
  readonly mesh: Pick<ServiceMesh, 'componentOf'> | undefined
}

/** Pods of the testbed: those of the mesh, clients and servers. */
export async function watchedPods(
  { clusters, found, mesh }: CpuParts,
  context: StepContext,
): Promise<readonly WatchedPod[]> {
  const perCluster = await Promise.all(
    clusters.map(async (cluster) => {
      const [pods, { nodes }] = await Promise.all([
        cluster.list<PodObject>('pods', { everywhere: true }, context),
        cluster.facts(context),
      ])
      return pods.flatMap((pod): WatchedPod[] => {
        const { name, namespace = '', uid = '' } = pod.metadata
        const node = pod.spec.nodeName
        const number = nodes.find((own) => own.name === node)?.number
        const component = mesh?.componentOf(pod, cluster.name, number) ?? workloadOf(pod, cluster, found)
        if (!component || node === undefined || !isServing(pod)) return []
        return [{ cluster, namespace, name, uid, node, component }]
      })
    }),
  )
  return perCluster.flat()
}

function workloadOf({ metadata }: PodObject, cluster: Cluster, found: PodInventory): Component | undefined {
  const own = [...found.pods.values()].find(
    (pod) => pod.name === metadata.name && pod.cluster.name === cluster.name,
  )
  if (!own) return undefined
  const { role, placement } = own.workload
  return { kind: role === 'server' ? 'server-pod' : 'client-pod', ...placement }
}
