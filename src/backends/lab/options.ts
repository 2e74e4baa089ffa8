import type { ServeFaults } from '../../agent/protocol.ts'
import type { Placement } from '../../topology/model.ts'
import type { LabCpus } from './cpus.ts'
import type { Isolation } from './isolation.ts'
import type { DelayMethod } from './delay/steps.ts'
import type { EngineChoice } from './engines/engines.ts'
import type { LabVariant, Tuning } from './variants.ts'
import type { Misroute } from './forwarding.ts'

export interface LabOptions {
  /** Sends traffic the wrong way on purpose, for tests of evidence. */
  readonly misroute?: Misroute | undefined
  /** What requests to a server meet, by the name of its workload: known delays for benches and tests. */
  readonly serverFaults?: Readonly<Record<string, ServeFaults>> | undefined
  /** How delay between networks is made; found out by trying when absent. */
  readonly delayMethod?: Exclude<DelayMethod, 'none'> | undefined
  /** `root` when absent and hopmeter runs as root, else `user-namespace`. */
  readonly isolation?: Isolation | undefined
  /** CPUs for its programs; `one` when absent and every load has one request in flight. */
  readonly cpus?: LabCpus | undefined
  /** Whether the kernel has br_netfilter; found out when absent. */
  readonly bridgeNetfilter?: boolean | undefined
  /** Real programs instead of our own: `ztunnel`, `envoy` as gateway, `haproxy` as load balancer. */
  readonly engines?: EngineChoice | undefined
  /** How these are set. */
  readonly tuning?: Tuning | undefined
  /** Several versions or settings side by side, instead of `engines` and `tuning`. */
  readonly variants?: readonly LabVariant[] | undefined
  /** Nodes whose ztunnels are our own although a real one is named: for tests of the wire between the two. */
  readonly ownZtunnelAt?: ((placement: Placement) => boolean) | undefined
  /** Makes the lab known while it stands, so that `hopmeter exec` finds it. */
  readonly held?: boolean | undefined
}
