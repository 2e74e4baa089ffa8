import { formatAddress, parseCidr } from '../../topology/cidr.ts'
import type { Plan } from '../plan.ts'
import type { StepContext } from './contract.ts'
import { neighboursOf, type KindCluster, type NodeFacts } from './layout.ts'
import type { FactsBook } from './node-facts.ts'

export const vxlanDevice = 'hopmeter-vxlan'
const vni = 7080
const port = 4789
/** 1500 of Docker's bridge, less the outer headers. */
const mtu = 1450

/** The tunnel end of a node has the first address of its pod CIDR, as flannel lays it out. */
export function tunnelEnd(podCidr: string): string {
  return formatAddress(parseCidr(podCidr)?.first ?? 0)
}

/** A locally administered MAC that both sides derive from the node's address, so that nothing is learned. */
export function tunnelMac(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return `0a:58:${bytes.join(':')}`
}

/** Nodes of clusters to or from which there is a route. */
export async function vxlanNeighbours(
  parts: { readonly plan: Plan; readonly facts: FactsBook; readonly clusters: readonly KindCluster[] },
  cluster: KindCluster,
  context: StepContext,
): Promise<readonly NodeFacts[]> {
  const routed = neighboursOf(parts.plan, cluster, parts.clusters).filter((neighbour) => neighbour.routed)
  return (
    await Promise.all(routed.map(async ({ cluster: other }) => (await parts.facts.of(other, context)).nodes))
  ).flat()
}

export function vxlanLines(node: NodeFacts, peers: readonly NodeFacts[]): readonly string[] {
  return [
    `link add ${vxlanDevice} address ${tunnelMac(node.address)} mtu ${mtu} type vxlan id ${vni} local ${node.address} dstport ${port} nolearning`,
    `address replace ${tunnelEnd(node.podCidr)}/32 dev ${vxlanDevice}`,
    `link set ${vxlanDevice} up`,
    ...peers.map(
      ({ address, podCidr }) =>
        `neighbour replace ${tunnelEnd(podCidr)} lladdr ${tunnelMac(address)} dev ${vxlanDevice} nud permanent`,
    ),
  ]
}

export function fdbLines(peers: readonly NodeFacts[]): readonly string[] {
  return peers.map(({ address }) => `fdb replace ${tunnelMac(address)} dev ${vxlanDevice} dst ${address}`)
}
