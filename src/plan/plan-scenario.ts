import type { Scenario, ScenarioPath } from '../scenario/types.ts'
import type { Mesh, PathRuleResult, Placement } from '../topology/model.ts'
import { ofVariant } from '../topology/component.ts'
import { pathRule } from '../topology/path-rule.ts'

/** A pod that the scenario needs. One client and one server at most per cluster, node, mesh mode and variant. */
export interface Workload {
  /** e.g. `client-east-1-n1`, `server-west-n1`, `server-east-1-n2-plain`, `client-east-1-n1-pr` of the variant `pr`. */
  readonly name: string
  readonly role: 'client' | 'server'
  readonly placement: Placement
  readonly mesh: Mesh
  /** Absent where there is but one of everything. */
  readonly variant?: string | undefined
}

export interface PlannedPath extends ScenarioPath {
  /** Unique in the plan; with variants `<path of the scenario>@<variant>`. */
  readonly name: string
  /** Its name in the scenario. */
  readonly scenarioPath: string
  readonly variant?: string | undefined
  /** Paths of one mix start at one place: profiles that can visit them in turn, request by request, do. */
  readonly mix: string
  readonly clientWorkload: Workload
  readonly serverWorkload: Workload
  /** What the path rule says of it. */
  readonly rule: PathRuleResult
}

/** What a backend has to stand up, and which paths load will take. */
export interface Plan {
  readonly scenario: Scenario
  /** Versions or settings that stand side by side, the first of which is compared with; empty: one of everything. */
  readonly variants: readonly string[]
  readonly workloads: readonly Workload[]
  readonly paths: readonly PlannedPath[]
}

/** What a plan has to know of whoever stands it up. */
export interface PlannedVariants {
  readonly variants?: readonly { readonly name: string }[] | undefined
  readonly switchesVariants?: boolean | undefined
}

/** The plan of a scenario for a backend with the variants that it has. Pure. */
export function planFor(scenario: Scenario, { variants, switchesVariants }: PlannedVariants): Plan {
  return planScenario(scenario, variants, switchesVariants)
}

/**
 * Derives pods and expected components from a scenario. With variants every path exists once for each, and so does
 * everything that it visits, unless they are switched: then one takes the place of the other. Pure.
 */
export function planScenario(
  scenario: Scenario,
  variants: readonly { readonly name: string }[] = [],
  areSwitched = false,
): Plan {
  const workloads = new Map<string, Workload>()
  const add = (workload: Workload): Workload => {
    const found = workloads.get(workload.name) ?? workload
    workloads.set(found.name, found)
    return found
  }
  const names = variants.map(({ name }) => name)
  const each: readonly (string | undefined)[] = names.length === 0 ? [undefined] : names
  const paths = scenario.paths.flatMap((path) =>
    each.map((variant) => planPath(scenario, path, { variant, own: areSwitched ? undefined : variant }, add)),
  )
  return { scenario, variants: names, workloads: [...workloads.values()], paths }
}

function planPath(
  { topology }: Scenario,
  path: ScenarioPath,
  /** `own`: whose pods and components these are; undefined where all have the same. */
  { variant, own }: { readonly variant: string | undefined; readonly own: string | undefined },
  add: (workload: Workload) => Workload,
): PlannedPath {
  const rule = pathRule(topology, path)
  const of = ofVariant(own)
  const workload = (role: Workload['role'], placement: Placement): Workload => {
    const name = `${placeName(role, placement, path.mesh)}${own === undefined ? '' : `-${own}`}`
    return add({ name, role, placement, mesh: path.mesh, ...of })
  }
  return {
    ...path,
    ...ofVariant(variant),
    name: variant === undefined ? path.name : `${path.name}@${variant}`,
    scenarioPath: path.name,
    mix: placeName('client', path.client, path.mesh),
    clientWorkload: workload('client', path.client),
    serverWorkload: workload('server', path.server),
    rule: rule.possible
      ? { ...rule, components: rule.components.map((component) => ({ ...component, ...of })) }
      : rule,
  }
}

function placeName(role: Workload['role'], { cluster, node }: Placement, mesh: Mesh): string {
  return `${role}-${cluster}-n${node}${mesh === 'none' ? '-plain' : ''}`
}
