import type { Plan, Workload } from '../../plan/plan-scenario.ts'
import { forwardingOf, type Forwarding, type Misroute } from './forwarding.ts'
import type { LabLayout, LabPod } from './layout.ts'

/** One client-to-server relation; several paths may share it. */
export interface Relation {
  readonly client: Workload
  readonly server: Workload
  readonly forwarding: Forwarding
  readonly sameNode: boolean
}

/** Who talks to whom in a plan, each relation once. */
export function relationsOf(plan: Plan, misroute?: Misroute): readonly Relation[] {
  const relations = plan.paths.map((path): [string, Relation] => {
    const { clientWorkload: client, serverWorkload: server } = path
    const forwarding = forwardingOf(plan.scenario.topology, path, misroute)
    const sameNode =
      client.placement.cluster === server.placement.cluster && client.placement.node === server.placement.node
    return [`${client.name} ${server.name}`, { client, server, forwarding, sameNode }]
  })
  return [...new Map(relations).values()]
}

export function podOf(layout: LabLayout, workload: Workload): LabPod {
  const pod = layout.pods.get(workload.name)
  if (!pod) throw new RangeError(`workload "${workload.name}" has no pod`)
  return pod
}
