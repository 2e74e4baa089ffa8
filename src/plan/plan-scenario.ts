import type { Scenario, ScenarioPath } from '../scenario/types.ts'
import type { Mesh, PathRuleResult, Placement } from '../topology/model.ts'
import { pathRule } from '../topology/path-rule.ts'

/** A pod that the scenario needs. One client and one server at most per cluster, node and mesh mode. */
export interface Workload {
  /** e.g. `client-east-1-n1`, `server-west-n1`, `server-east-1-n2-plain`. */
  readonly name: string
  readonly role: 'client' | 'server'
  readonly placement: Placement
  readonly mesh: Mesh
}

export interface PlannedPath extends ScenarioPath {
  readonly clientWorkload: Workload
  readonly serverWorkload: Workload
  /** What the path rule says of it. */
  readonly rule: PathRuleResult
}

/** What a backend has to stand up, and which paths load will take. */
export interface Plan {
  readonly scenario: Scenario
  readonly workloads: readonly Workload[]
  readonly paths: readonly PlannedPath[]
}

/** Derives pods and expected components from a scenario. Pure. */
export function planScenario(scenario: Scenario): Plan {
  const workloads = new Map<string, Workload>()
  const workload = (role: Workload['role'], placement: Placement, mesh: Mesh): Workload => {
    const suffix = mesh === 'none' ? '-plain' : ''
    const name = `${role}-${placement.cluster}-n${placement.node}${suffix}`
    const found = workloads.get(name) ?? { name, role, placement, mesh }
    workloads.set(name, found)
    return found
  }
  const paths = scenario.paths.map((path) => ({
    ...path,
    clientWorkload: workload('client', path.client, path.mesh),
    serverWorkload: workload('server', path.server, path.mesh),
    rule: pathRule(scenario.topology, path),
  }))
  return { scenario, workloads: [...workloads.values()], paths }
}
