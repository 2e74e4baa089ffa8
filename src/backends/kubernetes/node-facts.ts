import { HopmeterError } from '../../errors.ts'
import type { StepContext } from './contract.ts'
import type { NodeFacts, TestbedCluster } from './layout.ts'
import type { Toolbox } from './toolbox.ts'

/** The part of a Node object that hopmeter reads. */
interface NodeObject {
  readonly metadata: { readonly name: string }
  readonly spec: { readonly podCIDR?: string }
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[]
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly nodeInfo?: { readonly kubeletVersion: string }
  }
}

export interface ClusterFacts {
  readonly nodes: readonly NodeFacts[]
  /** e.g. `v1.34.0`. */
  readonly kubernetes: string
  /** Names of nodes that are not Ready. */
  readonly notReady: readonly string[]
}

/** What the clusters say of themselves; addresses are asked for once, as they last as long as the testbed. */
export class FactsBook {
  readonly #tools: Toolbox
  readonly #known = new Map<string, ClusterFacts>()

  constructor(tools: Toolbox) {
    this.#tools = tools
  }

  /** Asks again, e.g. after nodes were started anew. @throws CommandError */
  async read(cluster: TestbedCluster, context: Pick<StepContext, 'signal'>): Promise<ClusterFacts> {
    const command = this.#tools.kubectl(cluster, ['get', 'nodes', '-o', 'json'])
    const { items } = await this.#tools.json<{ items?: readonly NodeObject[] }>(command, context)
    const facts = clusterFacts(items ?? [], nodeOrder(cluster))
    if (facts.notReady.length === 0) this.#known.set(cluster.name, facts)
    return facts
  }

  /** @throws HopmeterError when the cluster has fewer nodes than the scenario needs. */
  async of(cluster: TestbedCluster, context: Pick<StepContext, 'signal'>): Promise<ClusterFacts> {
    const facts = this.#known.get(cluster.name) ?? (await this.read(cluster, context))
    if (facts.nodes.length < cluster.spec.nodes) {
      throw new HopmeterError(
        `cluster "${cluster.name}" has ${facts.nodes.length} nodes, the scenario needs ${cluster.spec.nodes}`,
      )
    }
    return facts
  }
}

function nodeOrder(cluster: TestbedCluster): readonly string[] {
  return 'nodeNames' in cluster ? (cluster.nodeNames as readonly string[]) : []
}

function clusterFacts(items: readonly NodeObject[], order: readonly string[]): ClusterFacts {
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length)
  const sorted = items.toSorted(
    (a, b) => rank(a.metadata.name) - rank(b.metadata.name) || a.metadata.name.localeCompare(b.metadata.name),
  )
  return {
    nodes: sorted.map(({ metadata, spec, status }, i) => ({
      name: metadata.name,
      number: i + 1,
      address: status.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '',
      podCidr: spec.podCIDR ?? '',
    })),
    kubernetes: sorted[0]?.status.nodeInfo?.kubeletVersion ?? 'unknown',
    notReady: sorted.filter((node) => !isReady(node)).map(({ metadata }) => metadata.name),
  }
}

function isReady({ spec, status }: NodeObject): boolean {
  const ready = status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false
  return ready && spec.podCIDR !== undefined
}
