import type { Session } from '../../kubernetes/session/session.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'

/** What load balancers are made with. */
export interface LoadBalancerParts {
  readonly tools: Toolbox
  /** Absent while planning. */
  readonly session: Session | undefined
  /** HAProxy's. */
  readonly image: string
  /** Of nodes: it has the programs that HAProxy's image lacks. */
  readonly nodeImage: string
  /** Of all clusters: a load balancer has no business with pod addresses. */
  readonly podCidrs: readonly string[]
}
