import { HopmeterError } from '../../../errors.ts'
import { plural } from '../../../plural.ts'
import type { Command } from '../../backend.ts'
import type { StepContext } from '../steps/step.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import type { NodeFacts, TestbedCluster } from './layout.ts'

/** The part of a Node object that hopmeter reads. */
interface NodeObject {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly podCIDR?: string
    readonly taints?: readonly { readonly key: string; readonly effect: string }[]
  }
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[]
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly lastHeartbeatTime?: string
    }[]
    readonly nodeInfo?: { readonly kubeletVersion: string }
  }
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

/** What the clusters say of themselves; addresses are asked for once, as they last as long as the testbed. */
export class FactsBook {
  readonly #tools: Toolbox
  readonly #known = new Map<string, ClusterFacts>()

  constructor(tools: Toolbox) {
    this.#tools = tools
  }

  /** Which nodes there are. */
  command(cluster: TestbedCluster): Command {
    return this.#tools.kubectl(cluster, ['get', 'nodes', '-o', 'json'])
  }

  /** Asks again, e.g. after nodes were started anew. @throws CommandError */
  async read(cluster: TestbedCluster, context: Pick<StepContext, 'signal'>): Promise<ClusterFacts> {
    const { items } = await this.#tools.json<{ items?: readonly NodeObject[] }>(
      this.command(cluster),
      context,
    )
    const facts = clusterFacts(items ?? [], nodeOrder(cluster))
    if (facts.notReady.length === 0) this.#known.set(cluster.name, facts)
    return facts
  }

  /** @throws HopmeterError when the cluster has fewer nodes than the scenario needs. */
  async of(cluster: TestbedCluster, context: Pick<StepContext, 'signal'>): Promise<ClusterFacts> {
    const facts = this.#known.get(cluster.name) ?? (await this.read(cluster, context))
    if (facts.nodes.length < cluster.spec.nodes) {
      throw new HopmeterError(
        `cluster "${cluster.name}" has ${plural(facts.nodes.length, 'node')}, the scenario needs ${cluster.spec.nodes}`,
      )
    }
    return facts
  }
}

function nodeOrder(cluster: TestbedCluster): readonly string[] {
  return 'nodeNames' in cluster ? (cluster.nodeNames as readonly string[]) : []
}

function clusterFacts(items: readonly NodeObject[], order: readonly string[]): ClusterFacts {
  // Clusters that hopmeter did not make: nodes for everybody first, then those that are kept for something.
  const rank = ({ metadata, spec }: NodeObject) =>
    order.includes(metadata.name) ? order.indexOf(metadata.name) : order.length + (spec.taints?.length ?? 0)
  const sorted = items.toSorted((a, b) => rank(a) - rank(b) || a.metadata.name.localeCompare(b.metadata.name))
  // Some clouds give pods addresses without a CIDR per node; only kind's routes need one.
  const needsCidr = order.length > 0
  return {
    nodes: sorted.map(({ metadata, spec, status }, i) => ({
      name: metadata.name,
      number: i + 1,
      address: status.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '',
      podCidr: spec.podCIDR ?? '',
    })),
    kubernetes: sorted[0]?.status.nodeInfo?.kubeletVersion ?? 'unknown',
    heardMs: Math.min(...sorted.map((node) => heardMs(node))),
    notReady: sorted.filter((node) => !isReady(node, needsCidr)).map(({ metadata }) => metadata.name),
  }
}

function heardMs({ status }: NodeObject): number {
  return Date.parse(status.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime ?? '') || 0
}

function isReady({ spec, status }: NodeObject, needsCidr: boolean): boolean {
  const ready = status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false
  return ready && (!needsCidr || spec.podCIDR !== undefined)
}
