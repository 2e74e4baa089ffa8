import type { Plan } from '../../../plan/plan-scenario.ts'
import { serviceHostname } from '../../../plan/names.ts'
import { trustDomain, workloadSpiffe } from '../../../plan/spiffe.ts'
import type { Anchor } from '../anchor.ts'
import type { Identity } from '../components/protocol.ts'
import type { LabLayout } from '../layout.ts'
import type { Mesh, PlannedComponent } from '../mesh.ts'
import type { MeshAuthority } from '../pki.ts'
import { podOf } from '../relations.ts'
import { variantOf, type ReadyVariant } from '../variants.ts'
import { envoyStarter } from './envoy/envoy-program.ts'
import type { ProgramStarter } from './forwarding-program.ts'
import { haproxyStarter } from './haproxy/haproxy-program.ts'
import { nodeProgramStarter } from './node-program.ts'
import type { ZtunnelView } from './ztunnel/flows.ts'
import { ztunnelStarter } from './ztunnel/ztunnel-program.ts'

/** The certificate authority of a lab, and the keys that it made for programs that are handed theirs. */
export interface Credentials {
  readonly authority: MeshAuthority
  readonly identity: (spiffe: string) => Identity
}

/** A starter for every program that forwards: the one that the user named for a role, or our own. */
export function programStarters(
  anchor: Anchor,
  plan: Plan,
  layout: LabLayout,
  mesh: Mesh,
  { authority, identity }: Credentials,
  variants: readonly ReadyVariant[],
): readonly ProgramStarter[] {
  const ztunnels = mesh.ztunnels.map((planned) => {
    const { engines, tuning } = variantOf(variants, planned.component.variant)
    if (!engines.ztunnel) throw new RangeError('real ztunnels were planned, but none was named')
    const view = viewOf(planned.cluster, plan, layout)
    return ztunnelStarter(anchor, engines.ztunnel, planned, authority, view, tuning)
  })
  const others = mesh.components.map((planned) =>
    starterOf(anchor, planned, identity, variantOf(variants, planned.component.variant)),
  )
  return [...ztunnels, ...others]
}

function starterOf(
  anchor: Anchor,
  { name, netns, component, config }: PlannedComponent,
  identity: (spiffe: string) => Identity,
  { engines, tuning }: ReadyVariant,
): ProgramStarter {
  const made = config(identity)
  if (made.role === 'gateway' && engines.envoy) {
    return envoyStarter(anchor, engines.envoy, { netns, component, gateway: made }, tuning)
  }
  if (made.role === 'load-balancer' && engines.haproxy) {
    return haproxyStarter(anchor, engines.haproxy, { netns, component, balancer: made }, tuning)
  }
  return nodeProgramStarter(anchor, { name, netns, component, config: made })
}

function viewOf(cluster: string, plan: Plan, layout: LabLayout): ZtunnelView {
  const ambient = plan.workloads.filter(({ mesh }) => mesh === 'ambient')
  const servers = ambient.filter(({ role }) => role === 'server')
  return {
    trustDomain,
    vips: new Map(
      servers.map((server) => {
        const { host, port } = layout.serviceAddress(cluster, server)
        return [serviceHostname(server), `${host}:${port}`]
      }),
    ),
    identities: new Map(ambient.map((workload) => [podOf(layout, workload).ip, workloadSpiffe(workload)])),
  }
}
