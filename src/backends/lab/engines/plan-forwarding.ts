import type { Plan } from '../../../plan/plan-scenario.ts'
import { serviceHostname } from '../../../plan/names.ts'
import { trustDomain, workloadSpiffe } from '../../../plan/spiffe.ts'
import type { LabLayout } from '../layout.ts'
import type { Mesh, PlannedComponent } from '../mesh.ts'
import { shownKeys, type PlannedProgram } from '../planned-program.ts'
import { podOf } from '../relations.ts'
import { variantOf, type ReadyVariant } from '../variants.ts'
import { envoyProgram } from './envoy/envoy-program.ts'
import type { ForwardingProgram } from './forwarding-program.ts'
import { haproxyProgram } from './haproxy/haproxy-program.ts'
import { nodeProgram } from './node-program.ts'
import type { ZtunnelView } from './ztunnel/flows.ts'
import { ztunnelProgram } from './ztunnel/ztunnel-program.ts'

interface ForwardingSources {
  readonly plan: Plan
  readonly layout: LabLayout
  readonly mesh: Mesh
  readonly variants: readonly ReadyVariant[]
}

/** Every program that forwards: the one that the user named for a role, or our own. */
export function planForwarding({
  plan,
  layout,
  mesh,
  variants,
}: ForwardingSources): readonly PlannedProgram<ForwardingProgram>[] {
  const ztunnels = mesh.ztunnels.map((planned) => {
    const { engines, tuning } = variantOf(variants, planned.component.variant)
    if (!engines.ztunnel) throw new RangeError('real ztunnels were planned, but none was named')
    return ztunnelProgram(engines.ztunnel, planned, viewOf(planned.cluster, plan, layout), tuning)
  })
  const others = mesh.components.map((planned) =>
    componentProgram(planned, variantOf(variants, planned.component.variant)),
  )
  return [...ztunnels, ...others]
}

function componentProgram(
  planned: PlannedComponent,
  { engines, tuning }: ReadyVariant,
): PlannedProgram<ForwardingProgram> {
  const { netns, component, config } = planned
  const shown = config(shownKeys.identity)
  if (shown.role === 'gateway' && engines.envoy) {
    const gateway = { netns, component, gateway: shown, identity: shown.identity.spiffe }
    return envoyProgram(engines.envoy, gateway, tuning)
  }
  if (shown.role === 'load-balancer' && engines.haproxy) {
    return haproxyProgram(engines.haproxy, { netns, component, balancer: shown }, tuning)
  }
  return nodeProgram(planned)
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
