import type { Cluster as ClusterSpec } from '../../../topology/model.ts'
import { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { ClaimedCluster } from '../../kubernetes/session/session.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { KindNodes, type RouteReader } from './kind-nodes.ts'

/** A cluster that hopmeter makes with kind. */
export class KindCluster extends Cluster {
  readonly kindName: string
  override readonly nodes: KindNodes

  constructor(
    tools: Toolbox,
    kindName: string,
    kubeconfig: string,
    spec: ClusterSpec,
    readRoutes: RouteReader,
  ) {
    const nodes = new KindNodes(tools, kindName, spec.nodes, readRoutes)
    super(tools, { name: spec.name, kubeconfig, context: `kind-${kindName}` }, spec, nodes)
    this.kindName = kindName
    this.nodes = nodes
  }

  /** As the session's state claims it. */
  claim(status: ClaimedCluster['status']): ClaimedCluster {
    const { name, kindName, kubeconfig, context } = this
    return { name, kindName, kubeconfig, context, status }
  }
}
