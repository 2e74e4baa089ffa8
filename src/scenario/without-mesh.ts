import { pathRule } from '../topology/path-rule.ts'
import type { Scenario } from './types.ts'

/**
 * The same clusters, routes and paths with every pod outside the mesh: what the network alone costs. Paths that only a
 * gateway could carry must then be unreachable.
 */
export function withoutMesh(scenario: Scenario): Scenario {
  const paths = scenario.paths.map((path) => {
    const rule = pathRule(scenario.topology, { ...path, mesh: 'none' })
    return { ...path, mesh: 'none' as const, expect: rule.possible ? (2 as const) : ('unreachable' as const) }
  })
  return { ...scenario, paths }
}
