import type { Scenario } from '../../../scenario/types.ts'
import type { Command } from '../../backend.ts'
import type { NodeFacts } from '../../kubernetes/cluster/cluster-facts.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { KindNodes } from '../cluster/kind-nodes.ts'

/** One way of bringing packets to the pods of other clusters' nodes. */
export interface RouteKind {
  readonly mode: Scenario['routeMode']
  /** How any node reaches the pods of a remote one. */
  to(remote: NodeFacts): { readonly via: string; readonly dev?: string | undefined }
  /** What has to be there beside routes; absent where nothing has. */
  readonly tunnel?: Tunnel | undefined
}

export interface Tunnel {
  readonly device: string
  /** Peers that the tunnel of a node does not lead to, e.g. because Docker gave them other addresses. */
  missing(
    nodes: KindNodes,
    node: NodeFacts,
    peers: readonly NodeFacts[],
    context: StepContext,
  ): Promise<readonly NodeFacts[]>
  /** Make the tunnel of a node that has none. */
  commands(nodes: KindNodes, node: NodeFacts, peers: readonly NodeFacts[]): readonly Command[]
}
