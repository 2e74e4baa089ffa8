import { batch, ipBatch, type LabStep } from '../command.ts'
import { routedNodes, type LabLayout } from '../layout.ts'
import { tunnelMac } from '../underlay.ts'
import type { LabRouteMode } from './route-mode.ts'

/** Outer Ethernet, IPv4, UDP and VXLAN headers. */
export const vxlanOverhead = 50
export const vxlanPort = 4789
const vni = 1

export const vxlanRoutes: LabRouteMode = {
  needs: 'vxlan',
  tools: ['bridge'],
  overheadBytes: vxlanOverhead,
  routeSteps: vxlanSteps,
}

/**
 * Pod CIDRs of other clusters by way of a kernel VXLAN device per node. Laid out as flannel does: the tunnel end of
 * a node has the first address of its pod CIDR, a fixed MAC, and everything known in advance, so nothing is learned
 * or flooded.
 */
function vxlanSteps(layout: LabLayout, podMtu: number): LabStep[] {
  const nodes = layout.nodes.filter((node) =>
    layout.routes.some(({ from, to }) => from === node.cluster.name || to === node.cluster.name),
  )
  if (nodes.length === 0) return []
  const tunnelEnd = (podCidr: string) => podCidr.replace(/\/\d+$/, '')
  return [
    {
      name: 'route pod CIDRs of other clusters over VXLAN: devices and routes',
      commands: nodes.map((node) =>
        ipBatch(node.netns, [
          `link add vxlan0 type vxlan id ${vni} local ${node.ip} dstport ${vxlanPort} nolearning`,
          `link set vxlan0 address ${tunnelMac(node.ip)} mtu ${podMtu} up`,
          `address add ${tunnelEnd(node.podCidr)}/32 dev vxlan0`,
          ...routedNodes(layout, node).flatMap(({ ip, podCidr }) => [
            `neighbour add ${tunnelEnd(podCidr)} lladdr ${tunnelMac(ip)} dev vxlan0 nud permanent`,
            `route add ${podCidr} via ${tunnelEnd(podCidr)} dev vxlan0 onlink`,
          ]),
        ]),
      ),
    },
    {
      name: 'route pod CIDRs of other clusters over VXLAN: which node has which tunnel end',
      commands: nodes.flatMap((node) => {
        const lines = routedNodes(layout, node).map(
          ({ ip }) => `fdb append ${tunnelMac(ip)} dev vxlan0 dst ${ip}`,
        )
        return lines.length === 0 ? [] : [batch('bridge', node.netns, lines)]
      }),
    },
  ]
}
