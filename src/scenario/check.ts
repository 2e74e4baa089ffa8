import { checkLoads, checkPaths } from './check-paths.ts'
import { checkAddresses, checkClusters, checkDelays, checkRoutes } from './check-topology.ts'
import { findIssues } from './issues.ts'
import { specParts } from './parts.ts'
import { scenarioSchema } from './schema.ts'
import type { Finding } from './finding.ts'

const maxIssues = 300

/** Everything that is wrong with scenario data, whatever its shape; nothing when it is a valid scenario. */
export function checkScenario(data: unknown): readonly Finding[] {
  const issues = findIssues(scenarioSchema, data)
  // Not a scenario with mistakes but something else; relating its pieces would take long and help nobody.
  if (issues.length > maxIssues) return issues
  const parts = specParts(data, issues)
  const shape = [...checkClusters(parts.clusters), ...checkRoutes(parts)]
  return [
    ...issues,
    ...shape,
    ...checkAddresses(parts.clusters),
    ...checkDelays(parts),
    // A path through a misspelt topology would be blamed for what is not its fault.
    ...checkPaths(parts, shape.length === 0 ? parts.topology : undefined),
    ...checkLoads(parts.loads),
  ]
}
