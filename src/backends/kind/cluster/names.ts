import { createHash } from 'node:crypto'

const longestKindName = 46

/** e.g. `hm-mixed-cluster-1`; kind appends `-control-plane`, and host names end at 63 characters. */
export function kindClusterName(session: string, cluster: string): string {
  const name = `hm-${session}-${cluster}`
  if (name.length <= longestKindName) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${name.slice(0, longestKindName - 9).replace(/-+$/, '')}-${hash}`
}

/** kind's own names for the nodes of a cluster. */
export function kindNodeNames(kindName: string, nodes: number): readonly string[] {
  const workers = Array.from({ length: nodes - 1 }, (_, i) => `${kindName}-worker${i === 0 ? '' : i + 1}`)
  return [`${kindName}-control-plane`, ...workers]
}

/** Name of the container in front of the gateway of a cluster. */
export function loadBalancerName(kindName: string): string {
  return `${kindName}-lb`
}
