import { plural } from '../plural.ts'
import { pathLabel } from '../topology/component.ts'
import { explainPath } from '../topology/explain.ts'
import type { Placement, Topology } from '../topology/model.ts'
import { pathRule } from '../topology/path-rule.ts'
import type { Located, SpecParts } from './parts.ts'
import type { PathYaml } from './schema.ts'
import { profileOf, type LoadYaml } from '../load/profiles.ts'
import { unknownName } from './suggest.ts'
import { finding } from './finding.ts'
import type { DataPath, Finding } from './finding.ts'

/**
 * Paths lead from a pod that can exist to a pod that can exist, and take what the path rule says they take.
 * `topology` is undefined when it has problems of its own: then nothing certain can be said of a path.
 */
export function checkPaths(parts: SpecParts, topology: Topology | undefined): readonly Finding[] {
  const names = new Set<string>()
  return parts.paths.flatMap(({ path, name, client, server, whole }) => {
    const findings: Finding[] = []
    if (name !== undefined && names.has(name)) {
      findings.push(finding([...path, 'name'], `there is already a path "${name}"`))
    }
    if (name !== undefined) names.add(name)
    const places = [
      ...checkPlacement(parts, [...path, 'client'], client),
      ...checkPlacement(parts, [...path, 'server'], server),
    ]
    const expectation =
      topology && whole && places.length === 0 ? checkExpectation(topology, path, whole) : []
    return [...findings, ...places, ...expectation]
  })
}

function checkPlacement(parts: SpecParts, path: DataPath, place: Placement | undefined): readonly Finding[] {
  if (!place) return []
  const unknown = parts.clusterNames && unknownName('cluster', place.cluster, parts.clusterNames)
  if (unknown !== undefined) return [finding([...path, 'cluster'], unknown)]
  const nodes = parts.clusters.find((cluster) => cluster.name === place.cluster)?.nodes
  if (nodes === undefined || place.node <= nodes) return []
  const has = plural(nodes, 'node')
  return [finding([...path, 'node'], `cluster "${place.cluster}" has ${has}, there is no node ${place.node}`)]
}

function checkExpectation(topology: Topology, path: DataPath, declared: PathYaml): readonly Finding[] {
  const rule = pathRule(topology, declared)
  const why = explainPath(topology, declared)
  const at = [...path, 'expect']
  if (!rule.possible) {
    if (declared.expect === 'unreachable') return []
    const remedy = rule.code === 'no-gateway' ? 'give that network a gateway' : 'add the route'
    const message = `path "${declared.name}" cannot exist: ${why}; ${remedy}, or write expect: unreachable`
    return [finding(at, message)]
  }
  if (declared.expect === rule.hops) return []
  const said =
    declared.expect === 'unreachable' ? 'be unreachable' : `have ${plural(declared.expect, 'component')}`
  const message = `path "${declared.name}" cannot ${said}: ${why}, which makes ${rule.hops}: ${pathLabel(rule.components)}`
  return [finding(at, message)]
}

/** Results tell loads apart by what they send. */
export function checkLoads(loads: readonly Located<LoadYaml>[]): readonly Finding[] {
  const seen = new Set<string>()
  return loads.flatMap(({ path, value }) => {
    const keys = loadKeys(value)
    const repeated = keys.find((key, i) => seen.has(key) || keys.indexOf(key) < i)
    for (const key of keys) seen.add(key)
    return repeated === undefined ? [] : [finding(path, `${repeated} is given twice`)]
  })
}

/** One per load that a run tells apart. */
function loadKeys(load: LoadYaml): readonly string[] {
  const profile = profileOf(load.profile)
  const payload = `${load.requestBytes} bytes up and ${load.responseBytes} down`
  return profile.stepsOf(profile.fromWritten(load)).map((step) => profile.describe(step, payload))
}
