import type { Isolation } from './isolation.ts'
import type { DelayMethod } from './delay/steps.ts'
import type { EngineChoice } from './engines/engines.ts'
import type { Misroute } from './forwarding.ts'

export interface LabOptions {
  /** Sends traffic the wrong way on purpose, for tests of evidence. */
  readonly misroute?: Misroute | undefined
  /** How delay between networks is made; found out by trying when absent. */
  readonly delayMethod?: Exclude<DelayMethod, 'none'> | undefined
  /** `root` when absent and hopmeter runs as root, else `user-namespace`. */
  readonly isolation?: Isolation | undefined
  /** Whether the kernel has br_netfilter; found out when absent. */
  readonly bridgeNetfilter?: boolean | undefined
  /** Real programs instead of our own: `ztunnel`, `envoy` as gateway, `haproxy` as load balancer. */
  readonly engines?: EngineChoice | undefined
}
