import type { Plan } from '../../../plan/plan-scenario.ts'
import { serviceHostname } from '../../../plan/names.ts'
import { trustDomain, workloadSpiffe } from '../../../plan/spiffe.ts'
import type { Anchor } from '../anchor.ts'
import type { Identity } from '../components/protocol.ts'
import type { LabLayout } from '../layout.ts'
import type { Mesh, PlannedComponent } from '../mesh.ts'
import type { MeshAuthority } from '../pki.ts'
import { podOf } from '../relations.ts'
import type { Engines } from './engines.ts'
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
  engines: Engines,
): readonly ProgramStarter[] {
  const { ztunnel } = engines
  const ztunnels = mesh.ztunnels.map((planned) => {
    if (!ztunnel) throw new RangeError('real ztunnels were planned, but none was named')
    return ztunnelStarter(anchor, ztunnel, planned, authority, viewOf(planned.cluster, plan, layout))
  })
  return [...ztunnels, ...mesh.components.map((planned) => starterOf(anchor, planned, identity, engines))]
}

function starterOf(
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
