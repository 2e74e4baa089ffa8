import { formatAddress, parseCidr } from '../../../topology/cidr.ts'
import type { NodeFacts } from '../../kubernetes/cluster/cluster-facts.ts'
import type { RouteKind } from './route-kind.ts'

const device = 'hopmeter-vxlan'
const vni = 7080
const port = 4789
/** 1500 of Docker's bridge, less the outer headers. */
const mtu = 1450

/** Every node has a tunnel to every node of routed clusters; nothing is learned, everything is written. */
export const vxlanRoutes: RouteKind = {
  mode: 'vxlan',
  to: ({ podCidr }) => ({ via: tunnelEnd(podCidr), dev: device }),
  tunnel: {
    device,
    missing: async (nodes, node, peers, context) => {
      const text = await nodes.run(node.name, ['bridge', 'fdb', 'show'], context)
      const lines = text.split('\n').filter((line) => line.includes(` dev ${device} `))
      return peers.filter(({ address }) => !lines.some((line) => leadsTo(line, address)))
    },
    commands: (nodes, node, peers) => [
      nodes.batchCommand(node.name, ['ip', '-batch', '-'], vxlanLines(node, peers)),
      nodes.batchCommand(node.name, ['bridge', '-batch', '-'], fdbLines(peers)),
    ],
  },
}

/** The tunnel end of a node has the first address of its pod CIDR, as flannel lays it out. */
function tunnelEnd(podCidr: string): string {
  const cidr = parseCidr(podCidr)
  return cidr === undefined ? podCidr.replace(/^</, '<first address of the ') : formatAddress(cidr.first)
}

/** A locally administered MAC that both sides derive from the node's address, so that nothing is learned. */
function tunnelMac(address: string): string {
  if (address.startsWith('<')) return address.replace(/^</, '<0a:58: and the bytes of the ')
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return `0a:58:${bytes.join(':')}`
}

function vxlanLines(node: NodeFacts, peers: readonly NodeFacts[]): readonly string[] {
  return [
    `link add ${device} address ${tunnelMac(node.address)} mtu ${mtu} type vxlan id ${vni} local ${node.address} dstport ${port} nolearning`,
    `address replace ${tunnelEnd(node.podCidr)}/32 dev ${device}`,
    `link set ${device} up`,
    ...peers.map(
      ({ address, podCidr }) =>
        `neighbour replace ${tunnelEnd(podCidr)} lladdr ${tunnelMac(address)} dev ${device} nud permanent`,
    ),
  ]
}

function fdbLines(peers: readonly NodeFacts[]): readonly string[] {
  return peers.map(({ address }) => `fdb replace ${tunnelMac(address)} dev ${device} dst ${address}`)
}

/** Whether a line of `bridge fdb show` is the entry of the node with that address. */
function leadsTo(line: string, address: string): boolean {
  return line.startsWith(`${tunnelMac(address)} `) && line.includes(` dst ${address} `)
}
