import { plural } from '../plural.ts'
import { cidrsOverlap, nodeCapacity, parseCidr } from '../topology/cidr.ts'
import type { Cidr } from '../topology/cidr.ts'
import type { ClusterPart, Located, SpecParts } from './parts.ts'
import { unknownName } from './suggest.ts'
import { finding } from './finding.ts'
import type { DataPath, Finding } from './finding.ts'

/** Names and gateways: what must be unique for the path rule to have one answer. */
export function checkClusters(clusters: readonly ClusterPart[]): readonly Finding[] {
  const findings: Finding[] = []
  const byName = new Map<string, ClusterPart>()
  const gatewayOf = new Map<string, ClusterPart>()
  for (const cluster of clusters) {
    if (cluster.name !== undefined) {
      if (byName.has(cluster.name)) {
        findings.push(finding([...cluster.path, 'name'], `there is already a cluster "${cluster.name}"`))
      } else byName.set(cluster.name, cluster)
    }
    if (cluster.hasGateway && cluster.network !== undefined) {
      const first = gatewayOf.get(cluster.network)
      if (first) {
        const message =
          `network "${cluster.network}" already has the gateway of "${first.name}"; ` +
          'istiod would take whichever comes first, so give a network one gateway'
        findings.push(finding([...cluster.path, 'gateway'], message, 'key'))
      } else gatewayOf.set(cluster.network, cluster)
    }
  }
  return findings
}

/** Overlapping ranges cannot be routed between clusters, and each node needs a /24 for its pods. */
export function checkAddresses(clusters: readonly ClusterPart[]): readonly Finding[] {
  const ranges = clusters.flatMap((cluster) =>
    (['podCidr', 'serviceCidr'] as const).flatMap((what) => {
      const text = cluster[what]
      const cidr = text === undefined ? undefined : parseCidr(text)
      return text !== undefined && cidr ? [{ cluster, what, text, cidr }] : []
    }),
  )
  return ranges.flatMap((range, i) => {
    const path = [...range.cluster.path, range.what]
    const clashes = ranges.slice(0, i).filter((other) => cidrsOverlap(other.cidr, range.cidr))
    const others = clashes.map((other) => `the ${other.what} ${other.text} of ${clusterTitle(other.cluster)}`)
    const overlap =
      others.length === 0 ? [] : [finding(path, `${range.text} overlaps ${others.slice(0, 3).join(', ')}`)]
    const size = range.what === 'podCidr' ? podCidrSize(range) : serviceCidrSize(range)
    return size === undefined ? overlap : [...overlap, finding(path, size)]
  })
}

interface Range {
  readonly cluster: ClusterPart
  readonly text: string
  readonly cidr: Cidr
}

function podCidrSize({ cluster, text, cidr }: Range): string | undefined {
  if (cidr.prefix < 8) return `expected a prefix of /8 or longer, got /${cidr.prefix}`
  const capacity = nodeCapacity(cidr)
  const nodes = cluster.nodes ?? 1
  if (capacity >= nodes) return undefined
  return `${text} has room for ${plural(capacity, 'node')} (each takes a /24), ${clusterTitle(cluster)} has ${plural(nodes, 'node')}`
}

/** The bounds of kube-apiserver's --service-cluster-ip-range above, and room for every server below. */
function serviceCidrSize({ cidr }: Range): string | undefined {
  if (cidr.prefix >= 12 && cidr.prefix <= 24) return undefined
  return `expected a prefix from /12 to /24, got /${cidr.prefix}`
}

function clusterTitle(cluster: ClusterPart): string {
  return cluster.name === undefined ? 'a cluster without a name' : `cluster "${cluster.name}"`
}

export function checkRoutes(parts: SpecParts): readonly Finding[] {
  return checkJoins('cluster', parts.clusterNames, [
    ...parts.between.map(bothWays),
    ...parts.oneWay.map(({ path, value }) => ({
      path,
      ends: { from: value.from, to: value.to },
      oneWay: true,
    })),
  ])
}

export function checkDelays(parts: SpecParts): readonly Finding[] {
  return checkJoins('network', parts.networkNames, parts.delays.map(bothWays))
}

interface Join {
  readonly path: DataPath
  /** Two names by their keys in the file. */
  readonly ends: Readonly<Record<string, string>>
  readonly oneWay: boolean
}

function bothWays({ path, value }: Located<readonly [string, string]>): Join {
  return { path, ends: { 0: value[0], 1: value[1] }, oneWay: false }
}

/** Both ends exist and differ, and no direction is given twice. */
function checkJoins(
  what: 'cluster' | 'network',
  known: readonly string[] | undefined,
  joins: readonly Join[],
): readonly Finding[] {
  const seen = new Set<string>()
  return joins.flatMap(({ path, ends, oneWay }) => {
    const findings = Object.entries(ends).flatMap(([key, name]) => {
      const unknown = known && unknownName(what, name, known)
      return unknown === undefined ? [] : [finding([...path, oneWay ? key : Number(key)], unknown)]
    })
    const [from, to] = Object.values(ends) as [string, string]
    if (from === to) return [...findings, finding(path, `both ends are ${what} "${from}"`)]
    const directions = [`"${from}" to "${to}"`, ...(oneWay ? [] : [`"${to}" to "${from}"`])]
    const repeated = directions.find((direction) => seen.has(direction))
    for (const direction of directions) seen.add(direction)
    return repeated === undefined ? findings : [...findings, finding(path, `${repeated} is given twice`)]
  })
}
