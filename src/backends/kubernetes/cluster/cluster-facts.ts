import { hasCondition, type NodeObject } from './objects.ts'

/** What a cluster says of one of its nodes. */
export interface NodeFacts {
  readonly name: string
  /** As scenarios count, from 1. */
  readonly number: number
  readonly address: string
  readonly podCidr: string
}

export interface ClusterFacts {
  readonly nodes: readonly NodeFacts[]
  /** e.g. `v1.34.0`. */
  readonly kubernetes: string
  /** Names of nodes that are not Ready. */
  readonly notReady: readonly string[]
  /** When the node that has been silent for longest last said so, ms since the epoch. */
  readonly heardMs: number
}

/** @param order names of nodes as the scenario counts them; empty where only the cluster knows them */
export function clusterFacts(items: readonly NodeObject[], order: readonly string[]): ClusterFacts {
  // Clusters that hopmeter did not make: nodes for everybody first, then those that are kept for something.
  const rank = ({ metadata, spec }: NodeObject) =>
    order.includes(metadata.name) ? order.indexOf(metadata.name) : order.length + (spec.taints?.length ?? 0)
  const sorted = items.toSorted((a, b) => rank(a) - rank(b) || a.metadata.name.localeCompare(b.metadata.name))
  // Some clouds give pods addresses without a CIDR per node; only our own routes need one.
  const needsCidr = order.length > 0
  const isReady = ({ spec, status }: NodeObject) =>
    hasCondition(status, 'Ready') && (!needsCidr || spec.podCIDR !== undefined)
  return {
    nodes: sorted.map(({ metadata, spec, status }, i) => ({
      name: metadata.name,
      number: i + 1,
      address: status.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '',
      podCidr: spec.podCIDR ?? '',
    })),
    kubernetes: sorted[0]?.status.nodeInfo?.kubeletVersion ?? 'unknown',
    heardMs: Math.min(...sorted.map((node) => heardMs(node))),
    notReady: sorted.filter((node) => !isReady(node)).map(({ metadata }) => metadata.name),
  }
}

function heardMs({ status }: NodeObject): number {
  return Date.parse(status.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime ?? '') || 0
}
