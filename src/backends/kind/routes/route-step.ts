import { HopmeterError } from '../../../errors.ts'
import { pasteable } from '../../../exec.ts'
import { cidrsOverlap, parseCidr } from '../../../topology/cidr.ts'
import type { Command } from '../../backend.ts'
import type { FactsBook } from '../../kubernetes/cluster/cluster-facts.ts'
import { neighboursOf, type KindCluster, type NodeFacts } from '../../kubernetes/cluster/layout.ts'
import type { KubeStep, StepContext } from '../../kubernetes/steps/step.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import type { Plan } from '../../plan.ts'
import { keepAddressCommand, keepAddresses, missingReturns, readMasquerade } from './masquerade.ts'
import { fdbLines, leadsTo, tunnelEnd, vxlanDevice, vxlanLines, vxlanNeighbours, vxlanPlan } from './vxlan.ts'

/** A route as `ip -json route show` prints it. */
export interface RouteLine {
  readonly type?: string
  readonly dst: string
  readonly gateway?: string
  readonly dev?: string
}

interface WantedRoute {
  readonly dst: string
  /** Absent: packets are refused, so that no other way (Docker's host forwards) leads there. */
  readonly via?: string
  readonly dev?: string
}

interface NetworkParts {
  readonly tools: Toolbox
  readonly facts: FactsBook
  readonly plan: Plan
  readonly clusters: readonly KindCluster[]
}

/**
 * Routes of pod CIDRs between clusters, on every node: one per remote node where the scenario has a route, a refusal
 * where it has none; and pod addresses stay as they are where there is a route.
 */
export function routeStep(parts: NetworkParts, cluster: KindCluster): KubeStep {
  return {
    name: `route pod CIDRs from the nodes of ${cluster.name}`,
    commands: planCommands(parts, cluster),
    isDone: async (context) => {
      const problems = await Promise.all(
        (await parts.facts.of(cluster, context)).nodes.map((node) =>
          problemsOf(parts, cluster, node, context),
        ),
      )
      return problems.flat().length === 0
    },
    run: async (context) => {
      const { nodes } = await parts.facts.of(cluster, context)
      for (const node of nodes) await applyTo(parts, cluster, node, context)
      for (const node of nodes) await verifyRoutes(parts, cluster, node, context)
    },
  }
}

async function applyTo(
  parts: NetworkParts,
  cluster: KindCluster,
  node: NodeFacts,
  context: StepContext,
): Promise<void> {
  const { tools } = parts
  const wanted = await wantedRoutes(parts, cluster, context)
  const peers = await vxlanPeers(parts, cluster, context)
  if (peers.length > 0 && (await missingPeers(tools, node, peers, context)).length > 0) {
    await makeTunnel(tools, node, peers, context)
  }
  const current = await readRoutes(tools, node.name, context)
  const stale = current.filter(
    (line) => isOurs(parts, cluster, line) && !wanted.some((want) => sameRoute(want, line)),
  )
  const lines = [
    ...stale.map((line) => `route delete ${line.type === 'unreachable' ? 'unreachable ' : ''}${line.dst}`),
    ...wanted
      .filter((want) => !current.some((line) => sameRoute(want, line)))
      .map((want) => `route replace ${routeText(want)}`),
  ]
  if (lines.length > 0) await inNode(tools, node.name, ['ip', '-batch', '-'], lines, context)
  await keepAddresses(tools, node.name, routedCidrs(parts, cluster), context)
}

/** Nodes at the other ends of this cluster's tunnels; none with static routes. */
async function vxlanPeers(
  parts: NetworkParts,
  cluster: KindCluster,
  context: StepContext,
): Promise<readonly NodeFacts[]> {
  return parts.plan.scenario.routeMode === 'vxlan' ? await vxlanNeighbours(parts, cluster, context) : []
}

/** Peers that the node's tunnel does not lead to, e.g. because Docker gave them other addresses. */
async function missingPeers(
  tools: Toolbox,
  node: NodeFacts,
  peers: readonly NodeFacts[],
  context: StepContext,
): Promise<readonly NodeFacts[]> {
  const text = await tools.call(tools.docker(['exec', node.name, 'bridge', 'fdb', 'show']), context)
  const lines = text.split('\n').filter((line) => line.includes(` dev ${vxlanDevice} `))
  return peers.filter(({ address }) => !lines.some((line) => leadsTo(line, address)))
}

async function makeTunnel(
  tools: Toolbox,
  node: NodeFacts,
  peers: readonly NodeFacts[],
  context: StepContext,
): Promise<void> {
  const links = await tools.json<readonly { readonly ifname?: string }[]>(
    tools.docker(['exec', node.name, 'ip', '-json', 'link', 'show']),
    context,
  )
  if (links.some(({ ifname }) => ifname === vxlanDevice)) {
    await tools.call(tools.docker(['exec', node.name, 'ip', 'link', 'delete', vxlanDevice]), context)
  }
  await inNode(tools, node.name, ['ip', '-batch', '-'], vxlanLines(node, peers), context)
  await inNode(tools, node.name, ['bridge', '-batch', '-'], fdbLines(peers), context)
}

/** Asks the kernel itself where a packet to each other cluster's pods would go. */
async function verifyRoutes(
  parts: NetworkParts,
  cluster: KindCluster,
  node: NodeFacts,
  context: StepContext,
): Promise<void> {
  const problems = await problemsOf(parts, cluster, node, context)
  if (problems.length > 0) {
    throw new HopmeterError(`node ${node.name}: ${problems.join('; ')}`, {
      hint: 'another program changes routes or rules inside of the nodes',
    })
  }
}

async function problemsOf(
  parts: NetworkParts,
  cluster: KindCluster,
  node: NodeFacts,
  context: StepContext,
): Promise<readonly string[]> {
  const { tools } = parts
  const [wanted, current, masquerade] = await Promise.all([
    wantedRoutes(parts, cluster, context),
    readRoutes(tools, node.name, context),
    readMasquerade(tools, node.name, context),
  ])
  const peers = await vxlanPeers(parts, cluster, context)
  const unreached = peers.length > 0 ? await missingPeers(tools, node, peers, context) : []
  const missing = wanted.filter((want) => !current.some((line) => sameRoute(want, line)))
  const stale = current.filter(
    (line) => isOurs(parts, cluster, line) && !wanted.some((want) => sameRoute(want, line)),
  )
  return [
    ...unreached.map(({ name }) => `no tunnel to ${name}`),
    ...missing.map((want) => `no route ${routeText(want)}`),
    ...stale.map(({ dst }) => `a route to ${dst} that the scenario does not have`),
    ...(masquerade === undefined ? ['kindnet has not made its rules'] : []),
    ...missingReturns(masquerade, routedCidrs(parts, cluster)).map(
      (cidr) => `pod addresses to ${cidr} are masqueraded`,
    ),
  ]
}

async function wantedRoutes(
  parts: NetworkParts,
  cluster: KindCluster,
  context: StepContext,
): Promise<readonly WantedRoute[]> {
  const { plan, facts, clusters } = parts
  const isVxlan = plan.scenario.routeMode === 'vxlan'
  const lists = await Promise.all(
    neighboursOf(plan, cluster, clusters).map(async ({ cluster: other, routed }): Promise<WantedRoute[]> => {
      if (!routed) return [{ dst: other.spec.podCidr }]
      const { nodes } = await facts.of(other, context)
      return nodes.map(({ podCidr, address }) =>
        isVxlan
          ? { dst: podCidr, via: tunnelEnd(podCidr), dev: vxlanDevice }
          : { dst: podCidr, via: address },
      )
    }),
  )
  return lists.flat()
}

function routedCidrs({ plan, clusters }: NetworkParts, cluster: KindCluster): readonly string[] {
  return neighboursOf(plan, cluster, clusters)
    .filter(({ routed }) => routed)
    .map(({ cluster: other }) => other.spec.podCidr)
}

/** Routes into the pod CIDR of another cluster of the scenario. */
function isOurs({ clusters }: NetworkParts, cluster: KindCluster, { dst }: RouteLine): boolean {
  const at = parseCidr(dst.includes('/') ? dst : `${dst}/32`)
  if (!at) return false
  return clusters.some(({ name, spec }) => {
    const cidr = parseCidr(spec.podCidr)
    return name !== cluster.name && cidr !== undefined && at.prefix >= cidr.prefix && cidrsOverlap(at, cidr)
  })
}

function sameRoute(want: WantedRoute, line: RouteLine): boolean {
  if (line.dst !== want.dst) return false
  if (want.via === undefined) return line.type === 'unreachable'
  return line.gateway === want.via && (want.dev === undefined || line.dev === want.dev)
}

function routeText({ dst, via, dev }: WantedRoute): string {
  if (via === undefined) return `unreachable ${dst}`
  return dev === undefined ? `${dst} via ${via}` : `${dst} via ${via} dev ${dev} onlink`
}

/** Every route of a node. @throws CommandError */
export async function readRoutes(
  tools: Toolbox,
  node: string,
  context: Pick<StepContext, 'signal'>,
): Promise<readonly RouteLine[]> {
  const command = tools.docker(['exec', node, 'ip', '-json', '-4', 'route', 'show'])
  return await tools.json<readonly RouteLine[]>(command, context)
}

async function inNode(
  tools: Toolbox,
  node: string,
  program: readonly string[],
  lines: readonly string[],
  context: StepContext,
): Promise<void> {
  await tools.call(
    tools.docker(['exec', '--interactive', node, ...program], `${lines.join('\n')}\n`),
    context,
  )
}

/** The same work as commands to paste, for `plan`: node addresses are known only when there are nodes. */
function planCommands(parts: NetworkParts, cluster: KindCluster): readonly Command[] {
  const { tools, plan, clusters } = parts
  const neighbours = neighboursOf(plan, cluster, clusters)
  if (plan.scenario.routeMode === 'vxlan') return [vxlanPlan(tools, cluster, neighbours)]
  const quoted = ({ file, args }: Command) => `"$(${pasteable(file, args)})"`
  const addressOf = (node: string) =>
    quoted(tools.docker(['inspect', '--format', '{{.NetworkSettings.Networks.kind.IPAddress}}', node]))
  return cluster.nodeNames.flatMap((node) =>
    neighbours.flatMap(({ cluster: other, routed }): Command[] => {
      if (!routed)
        return [tools.docker(['exec', node, 'ip', 'route', 'replace', 'unreachable', other.spec.podCidr])]
      const replace = tools.docker(['exec', node, 'ip', 'route', 'replace'])
      const routes = other.nodeNames.map((remote): Command => {
        const cidr = tools.kubectl(other, ['get', 'node', remote, '--output', 'jsonpath={.spec.podCIDR}'])
        const text = `${pasteable(replace.file, replace.args)} ${quoted(cidr)} via ${addressOf(remote)}`
        return { file: 'sh', args: ['-c', text] }
      })
      return [...routes, keepAddressCommand(tools, node, other.spec.podCidr)]
    }),
  )
}
