import { ipBatch, nft, write, type LabCommand, type LabStep } from './command.ts'
import { siblingNodes, underlayHosts, type LabLayout, type LabNode } from './layout.ts'
import { labRouteModes } from './routes/route-modes.ts'
import { underlay } from './underlay.ts'
import { hbonePort } from '../../plan/names.ts'

const defaultMtu = 1500
export const bridgeNetfilterSysctl = '/proc/sys/net/bridge/bridge-nf-call-iptables'

/** What differs from machine to machine. */
export interface NetworkOptions {
  /** MTU of the pods; smaller than 1500 when packets travel in tunnels. */
  readonly podMtu: number
  /**
   * Whether the kernel has br_netfilter, which sends packets between two pods of a node through netfilter once
   * more. It is on by default in every new namespace, so it is turned off for equal results on all machines.
   */
  readonly bridgeNetfilter: boolean
}

/** Step 1: namespaces and the cables between them, all in one process. */
export function namespaceStep(layout: LabLayout): LabStep {
  const hosts = underlayHosts(layout)
  const pods = layout.nodes.flatMap((node) => node.pods)
  const names = [underlay.netns, ...hosts.map((host) => host.netns), ...pods.map((pod) => pod.netns)]
  return {
    name: 'make network namespaces for nodes, pods, gateways and load balancers, and connect them',
    commands: [
      ipBatch(undefined, [
        ...names.map((name) => `netns add ${name}`),
        ...hosts.map((host, i) => veth(host.netns, underlay.netns, `port${i}`)),
        ...pods.map((pod) => veth(pod.netns, pod.nodeNetns, pod.port)),
      ]),
    ],
  }
}

function veth(netns: string, peerNetns: string, peer: string): string {
  return `link add name eth0 netns ${netns} type veth peer name ${peer} netns ${peerNetns}`
}

/** Step 2: addresses, forwarding, and address translation where a node or a gateway needs it. */
export function addressStep(layout: LabLayout, options: NetworkOptions): LabStep {
  const hosts = underlayHosts(layout)
  const balancers = hosts.filter(({ netns }) => !layout.nodes.some((node) => node.netns === netns))
  return {
    name: 'set addresses, forwarding and address translation',
    commands: [
      ipBatch(underlay.netns, [
        `link add ${underlay.bridge} type bridge`,
        ...hosts.map((_, i) => `link set port${i} master ${underlay.bridge} up`),
        `link set ${underlay.bridge} up`,
      ]),
      ...layout.nodes.flatMap((node) => nodeCommands(layout, node, options)),
      ...balancers.map(({ netns, ip }) =>
        ipBatch(netns, [
          'link set lo up',
          'link set eth0 up',
          `address add ${ip}/${underlay.prefix} dev eth0`,
        ]),
      ),
      ...(options.bridgeNetfilter ? [write(underlay.netns, [bridgeNetfilterSysctl], '0')] : []),
    ],
  }
}

function nodeCommands(layout: LabLayout, node: LabNode, options: NetworkOptions): LabCommand[] {
  const { podMtu, bridgeNetfilter } = options
  const mtu = podMtu === defaultMtu ? '' : ` mtu ${podMtu}`
  const more = layout.gateways.filter((g) => g.node.netns === node.netns && g.nodeAddress !== node.ip)
  return [
    ipBatch(node.netns, [
      'link set lo up',
      'link set eth0 up',
      `address add ${node.ip}/${underlay.prefix} dev eth0`,
      ...more.map((gateway) => `address add ${gateway.nodeAddress}/32 dev eth0`),
      'link add cni0 type bridge',
      ...node.pods.map(({ port }) => `link set ${port}${mtu} master cni0 up`),
      'link set cni0 up',
      `address add ${node.bridgeIp}/24 dev cni0`,
    ]),
    write(node.netns, ['/proc/sys/net/ipv4/ip_forward'], '1'),
    // Where no route leads, every packet is to be told so: by default a few per second are.
    write(
      node.netns,
      ['/proc/sys/net/ipv4/icmp_ratelimit', ...(bridgeNetfilter ? [bridgeNetfilterSysctl] : [])],
      '0',
    ),
    nft(node.netns, nodeTranslation(layout, node)),
    ...node.pods.map((pod) =>
      ipBatch(pod.netns, [
        'link set lo up',
        `link set eth0${mtu} up`,
        `address add ${pod.ip}/24 dev eth0`,
        `route add default via ${node.bridgeIp}`,
      ]),
    ),
  ]
}

/** Pods appear as their node on the underlay, and as themselves to pods of other clusters. */
function nodeTranslation(layout: LabLayout, node: LabNode): string[] {
  const gateways = layout.gateways.filter((gateway) => gateway.node.netns === node.netns)
  const toGateway = gateways.map(
    ({ nodeAddress, pod }) =>
      `    ip daddr ${nodeAddress} tcp dport ${hbonePort} dnat to ${pod.ip}:${hbonePort}`,
  )
  const prerouting = [
    '  chain prerouting {',
    '    type nat hook prerouting priority -100;',
    ...toGateway,
    '  }',
  ]
  // A pod that reaches a gateway on its own node must get its answers back through the node.
  const hairpin = `    ct status dnat ip saddr ${node.podCidr} ip daddr ${node.podCidr} masquerade`
  return [
    'table ip node {',
    ...(gateways.length > 0 ? prerouting : []),
    '  chain postrouting {',
    '    type nat hook postrouting priority 100;',
    `    ip saddr ${node.podCidr} ip daddr ${underlay.cidr} masquerade`,
    ...(gateways.length > 0 ? [hairpin] : []),
    '  }',
    '}',
  ]
}

/** Step 3, for nodes of one cluster always: routes by way of the other node's underlay address. */
export function staticRouteStep(layout: LabLayout): LabStep {
  const commands = layout.nodes.flatMap((node) => {
    const targets = [
      ...siblingNodes(layout, node),
      ...(labRouteModes[layout.routeMode].nextHops?.(layout, node) ?? []),
    ]
    const lines = targets.map((target) => `route add ${target.podCidr} via ${target.ip}`)
    return lines.length === 0 ? [] : [ipBatch(node.netns, lines)]
  })
  return { name: 'route pod CIDRs by way of node addresses', commands }
}
