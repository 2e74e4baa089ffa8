import type { Session } from '../../kubernetes/session/session.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'

/** What load balancers are made with. */
export interface LoadBalancerParts {
  readonly tools: Toolbox
  /** Absent while planning. */
  readonly session: Session | undefined
  /** HAProxy's. */
  readonly image: string
}
