import type { Workload } from '../../../plan/plan-scenario.ts'
import type { ContainerPlace } from '../cluster/container-place.ts'
import type { Cluster } from '../cluster/cluster.ts'

/** A pod of the testbed, as it was found. */
export interface FoundPod {
  /** Its own; that of the workload where the workload is one pod. */
  readonly name: string
  /** Which of the workload's pods, from 0. */
  readonly index: number
  readonly workload: Workload
  readonly cluster: Cluster
  readonly ip: string
  /** Of its node, on the network between nodes. */
  readonly nodeAddress: string
  /** What runs it, which its node can be asked for; absent where the cluster does not say it. */
  readonly place?: ContainerPlace | undefined
  /** What it runs, with its digest; empty where the cluster does not say it. */
  readonly image: string
}

export interface PodInventory {
  /** By their own names; a workload that is one pod gives it its name. */
  readonly pods: ReadonlyMap<string, FoundPod>
  /** Service address by `client cluster/server workload`. */
  readonly services: ReadonlyMap<string, string>
}

export function serviceKey(clientCluster: string, server: Workload): string {
  return `${clientCluster}/${server.name}`
}

/** Pods of a workload, in the order of their numbers. */
export function podsFor(found: Pick<PodInventory, 'pods'>, workload: Workload): readonly FoundPod[] {
  return [...found.pods.values()]
    .filter((pod) => pod.workload.name === workload.name)
    .toSorted((a, b) => a.index - b.index)
}
