import { write, type LabCommand, type LabStep } from '../command.ts'
import { routedNodes, type LabLayout, type LabNode } from '../layout.ts'

const firstPrivateAs = 64_512

/** A BGP speaker to run on a node, and the routes that it has to learn. */
export interface BgpSpeaker {
  readonly node: LabNode
  readonly start: LabCommand
  readonly control: string
  /** Pod CIDRs of other clusters' nodes. */
  readonly learns: readonly string[]
}

/**
 * Pod CIDRs of other clusters by BGP: one BIRD per node, one autonomous system per cluster, and a session between
 * every two nodes whose clusters have a route in at least one direction. A node accepts only what its cluster has a
 * route to.
 */
export function bgpSpeakers(layout: LabLayout): readonly BgpSpeaker[] {
  return layout.nodes
    .filter((node) => peersOf(layout, node).length > 0)
    .map((node) => {
      const [config, control] = [configFile(node), `/run/bird-${node.netns}.ctl`]
      return {
        node,
        control,
        // In the foreground, so that it ends with the lab.
        start: { netns: node.netns, file: 'bird', args: ['-f', '-c', config, '-s', control] },
        learns: routedNodes(layout, node).map(({ podCidr }) => podCidr),
      }
    })
}

export function bgpConfigStep(layout: LabLayout): LabStep {
  return {
    name: 'write the configuration of BIRD for each node',
    commands: bgpSpeakers(layout).map(({ node }) =>
      write(node.netns, [configFile(node)], birdConfig(layout, node).join('\n')),
    ),
  }
}

function configFile(node: LabNode): string {
  return `/run/bird-${node.netns}.conf`
}

function peersOf(layout: LabLayout, node: LabNode): readonly LabNode[] {
  const own = node.cluster.name
  const joined = layout.routes.flatMap(({ from, to }) => (from === own ? [to] : to === own ? [from] : []))
  return layout.nodes.filter(({ cluster }) => joined.includes(cluster.name))
}

function birdConfig(layout: LabLayout, node: LabNode): string[] {
  const accepted = new Set(routedNodes(layout, node).map(({ netns }) => netns))
  return [
    `router id ${node.ip};`,
    'log stderr { warning, error, fatal, bug };',
    'protocol device { }',
    // Underlay addresses may be routed through a tunnel that delays; next hops are resolved by these routes.
    'protocol kernel { learn; ipv4 { import all; export where source = RTS_BGP; }; }',
    'protocol direct { ipv4; interface "cni0", "eth0"; }',
    ...peersOf(layout, node).map((peer, i) => session(layout, node, peer, i, accepted.has(peer.netns))),
  ]
}

function session(layout: LabLayout, node: LabNode, peer: LabNode, index: number, accept: boolean): string {
  const imports = accept ? `import where net = ${peer.podCidr};` : 'import none;'
  const exports = `export where net = ${node.podCidr};`
  return [
    `protocol bgp peer${index} {`,
    `  local ${node.ip} as ${asOf(layout, node)};`,
    `  neighbor ${peer.ip} as ${asOf(layout, peer)};`,
    // One hop away, yet next hops are looked up in the table, where a delaying tunnel may have replaced the link.
    '  multihop 2;',
    // Sessions are wanted now: the defaults wait seconds before the first attempt.
    '  connect delay time 0; connect retry time 1; error wait time 1, 2;',
    `  ipv4 { ${imports} ${exports} next hop self; };`,
    '}',
  ].join('\n')
}

function asOf(layout: LabLayout, node: LabNode): number {
  const clusters = [...new Set(layout.nodes.map(({ cluster }) => cluster.name))]
  return firstPrivateAs + clusters.indexOf(node.cluster.name)
}
