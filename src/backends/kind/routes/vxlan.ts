import { pasteable } from '../../../exec.ts'
import { formatAddress, parseCidr } from '../../../topology/cidr.ts'
import type { Command } from '../../backend.ts'
import type { FactsBook } from '../../kubernetes/cluster/cluster-facts.ts'
import { neighboursOf, type KindCluster, type NodeFacts } from '../../kubernetes/cluster/layout.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import type { Plan } from '../../plan.ts'

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

/** Whether a line of `bridge fdb show` is the entry of the node with that address. */
export function leadsTo(line: string, address: string): boolean {
  return line.startsWith(`${tunnelMac(address)} `) && line.includes(` dst ${address} `)
}

/** The same work as a script, for `plan`: addresses of nodes are known only when there are nodes. */
export function vxlanPlan(
  tools: Toolbox,
  cluster: KindCluster,
  neighbours: readonly { readonly cluster: KindCluster; readonly routed: boolean }[],
): Command {
  const shown = ({ file, args }: Command) => pasteable(file, args)
  const inside = (node: string, ...words: readonly string[]) => shown(tools.docker(['exec', node, ...words]))
  const lines = cluster.nodeNames.flatMap((node) => [
    `${inside(node, 'ip', 'link', 'add', vxlanDevice)} address "$(mac ${node})" mtu ${mtu} type vxlan id ${vni} local "$(address ${node})" dstport ${port} nolearning`,
    `${inside(node, 'ip', 'address', 'add')} "$(end ${node})/32" dev ${vxlanDevice}`,
    inside(node, 'ip', 'link', 'set', vxlanDevice, 'up'),
    ...neighbours.flatMap(({ cluster: other, routed }) =>
      routed
        ? other.nodeNames.flatMap((peer) => [
            `${inside(node, 'ip', 'neighbour', 'replace')} "$(end ${peer})" lladdr "$(mac ${peer})" dev ${vxlanDevice} nud permanent`,
            `${inside(node, 'bridge', 'fdb', 'replace')} "$(mac ${peer})" dev ${vxlanDevice} dst "$(address ${peer})"`,
            `${inside(node, 'ip', 'route', 'replace')} "$(cidr ${peer})" via "$(end ${peer})" dev ${vxlanDevice} onlink`,
          ])
        : [inside(node, 'ip', 'route', 'replace', 'unreachable', other.spec.podCidr)],
    ),
    ...neighbours
      .filter(({ routed }) => routed)
      .map(({ cluster: other }) =>
        inside(
          node,
          'iptables',
          '-t',
          'nat',
          '-I',
          'KIND-MASQ-AGENT',
          '1',
          '-d',
          other.spec.podCidr,
          '-j',
          'RETURN',
        ),
      ),
  ])
  const all = [cluster, ...neighbours.map((neighbour) => neighbour.cluster)]
  const cidrs = all.flatMap((of) =>
    of.nodeNames.map((node) => {
      const ask = tools.kubectl(of, ['get', 'node', node, '--output', 'jsonpath={.spec.podCIDR}'])
      return `    ${node}) ${shown(ask)} ;;`
    }),
  )
  const inspect = tools.docker(['inspect', '--format', '{{.NetworkSettings.Networks.kind.IPAddress}}'])
  const script = [
    `address() { ${shown(inspect)} "$1"; }`,
    `mac() { printf '0a:58:%02x:%02x:%02x:%02x' $(address "$1" | tr . ' '); }`,
    'cidr() {',
    '  case "$1" in',
    ...cidrs,
    '  esac',
    '}',
    'end() { cidr "$1" | cut -d/ -f1; }',
    ...lines,
  ]
  return { file: 'sh', args: [], input: `${script.join('\n')}\n` }
}
