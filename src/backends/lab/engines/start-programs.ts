import type { Anchor } from '../anchor.ts'
import type { Identity } from '../components/protocol.ts'
import type { PlannedComponent } from '../mesh.ts'
import type { Engines } from './engines.ts'
import { envoyStarter } from './envoy/envoy-program.ts'
import type { ProgramStarter } from './forwarding-program.ts'
import { haproxyStarter } from './haproxy/haproxy-program.ts'
import { nodeProgramStarter } from './node-program.ts'

/** Who starts a component: a program that the user named for its role, or our own. */
export function programStarter(
  anchor: Anchor,
  { name, netns, component, config }: PlannedComponent,
  identity: (spiffe: string) => Identity,
  engines: Engines,
): ProgramStarter {
  const made = config(identity)
  if (made.role === 'gateway' && engines.envoy) {
    return envoyStarter(anchor, engines.envoy, { netns, component, gateway: made })
  }
  if (made.role === 'load-balancer' && engines.haproxy) {
    return haproxyStarter(anchor, engines.haproxy, { netns, component, balancer: made })
  }
  return nodeProgramStarter(anchor, { name, netns, component, config: made })
}
