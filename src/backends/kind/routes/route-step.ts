import { HopmeterError } from '../../../errors.ts'
import { cidrsOverlap, parseCidr } from '../../../topology/cidr.ts'
import type { Command } from '../../backend.ts'
import type { NodeFacts } from '../../kubernetes/cluster/cluster-facts.ts'
import type { KubeStep, StepContext } from '../../kubernetes/steps/step.ts'
import type { Plan } from '../../../plan/plan-scenario.ts'
import type { KindCluster } from '../cluster/kind-cluster.ts'
import { neighboursOf, type Neighbour } from '../cluster/neighbours.ts'
import { keepAddressCommand, missingReturns, readMasquerade, waitForKindnet } from './masquerade.ts'
import { readRoutes, routeText, sameRoute, type RouteLine, type WantedRoute } from './node-routes.ts'
import type { RouteKind } from './route-kind.ts'

/** What the nodes of one cluster are to have. */
interface Wanted {
  readonly routes: readonly WantedRoute[]
  /** At the other ends of tunnels; none where there are no tunnels. */
  readonly peers: readonly NodeFacts[]
  /** Pod CIDRs whose packets keep the addresses of pods. */
  readonly kept: readonly string[]
}

/** What a node has of it. */
interface State {
  readonly unreached: readonly NodeFacts[]
  readonly missing: readonly WantedRoute[]
  readonly stale: readonly RouteLine[]
  /** Undefined while kindnet has no rules. */
  readonly masquerade: readonly string[] | undefined
}

/**
 * Routes of pod CIDRs between clusters, on every node: one per remote node where the scenario has a route, a refusal of
 * everything else that is a pod's address; and pod addresses stay as they are where there is a route.
 */
export function routeStep(
  routeKind: RouteKind,
  plan: Plan,
  cluster: KindCluster,
  clusters: readonly KindCluster[],
): KubeStep {
  const neighbours = neighboursOf(plan, cluster, clusters)
  const known = async (context: StepContext) => {
    const [own, ...others] = await Promise.all(
      [cluster, ...neighbours.map((neighbour) => neighbour.cluster)].map((each) => each.facts(context)),
    )
    const wanted = wantedOf(routeKind, cluster, neighbours, (_, i) => others[i]?.nodes ?? [])
    return { wanted, own: own?.nodes ?? [] }
  }
  const problemsOf = async (node: NodeFacts, wanted: Wanted, context: StepContext) =>
    describe(await stateOf(routeKind, cluster, node, wanted, neighbours, context), wanted)
  return {
    name: `route pod CIDRs from the nodes of ${cluster.name}`,
    commands: cluster.nodes.planned.flatMap((node) => {
      const wanted = wantedOf(routeKind, cluster, neighbours, (neighbour) => neighbour.cluster.nodes.planned)
      const fresh: State = { unreached: wanted.peers, missing: wanted.routes, stale: [], masquerade: [] }
      return [
        ...commandsFor(routeKind, cluster, node, wanted, fresh),
        ...keepCommands(cluster, node, wanted, fresh),
      ]
    }),
    isDone: async (context) => {
      const { wanted, own } = await known(context)
      const problems = await Promise.all(own.map((node) => problemsOf(node, wanted, context)))
      return problems.flat().length === 0
    },
    run: async (context) => {
      const { wanted, own } = await known(context)
      for (const node of own) {
        const read = () => stateOf(routeKind, cluster, node, wanted, neighbours, context)
        let state = await read()
        if (state.unreached.length > 0) {
          await removeTunnel(routeKind, cluster, node, context)
          state = await read()
        }
        for (const command of commandsFor(routeKind, cluster, node, wanted, state))
          await cluster.call(command, context)
        const masquerade = await waitForKindnet(cluster, node.name, context)
        const keeping = keepCommands(cluster, node, wanted, { ...state, masquerade })
        for (const command of keeping) await cluster.call(command, context)
      }
      for (const node of own) {
        const problems = await problemsOf(node, wanted, context)
        if (problems.length === 0) continue
        throw new HopmeterError(`node ${node.name}: ${problems.join('; ')}`, {
          hint: 'another program changes routes or rules inside of the nodes',
        })
      }
    },
  }
}

function wantedOf(
  routeKind: RouteKind,
  own: KindCluster,
  neighbours: readonly Neighbour[],
  nodesOf: (neighbour: Neighbour, index: number) => readonly NodeFacts[],
): Wanted {
  const remotes = neighbours.map((neighbour, i) => ({ ...neighbour, nodes: nodesOf(neighbour, i) }))
  const routed = remotes.filter((remote) => remote.routed)
  const ways = routed.flatMap(({ nodes }) =>
    nodes.map((node): WantedRoute => ({ dst: node.podCidr, ...routeKind.to(node) })),
  )
  return {
    routes: [
      ...ways,
      // Also beside the routes, and of the own cluster: the address of a pod that is gone has no better route, and by
      // the default one packets to it would leave the network of the nodes.
      ...[own, ...remotes.map(({ cluster }) => cluster)]
        .filter(({ spec }) => !ways.some(({ dst }) => dst === spec.podCidr))
        .map(({ spec }): WantedRoute => ({ dst: spec.podCidr })),
    ],
    peers: routeKind.tunnel ? routed.flatMap(({ nodes }) => nodes) : [],
    kept: routed.map(({ cluster }) => cluster.spec.podCidr),
  }
}

async function stateOf(
  { tunnel }: RouteKind,
  { nodes }: KindCluster,
  node: NodeFacts,
  { routes, peers }: Wanted,
  neighbours: readonly Neighbour[],
  context: StepContext,
): Promise<State> {
  const [current, masquerade, unreached] = await Promise.all([
    readRoutes(nodes, node.name, context),
    readMasquerade(nodes, node.name, context),
    tunnel && peers.length > 0 ? tunnel.missing(nodes, node, peers, context) : [],
  ])
  return {
    unreached,
    masquerade,
    missing: routes.filter((want) => !current.some((line) => sameRoute(want, line))),
    stale: current.filter(
      (line) => isOurs(neighbours, line) && !routes.some((want) => sameRoute(want, line)),
    ),
  }
}

/** What a node still needs of tunnels and routes. */
function commandsFor(
  { tunnel }: RouteKind,
  { nodes }: KindCluster,
  node: NodeFacts,
  { peers }: Wanted,
  { unreached, missing, stale }: State,
): readonly Command[] {
  const lines = [
    ...stale.map((line) => `route delete ${line.type === 'unreachable' ? 'unreachable ' : ''}${line.dst}`),
    ...missing.map((want) => `route replace ${routeText(want)}`),
  ]
  return [
    ...(unreached.length > 0 ? (tunnel?.commands(nodes, node, peers) ?? []) : []),
    ...(lines.length > 0 ? [nodes.batchCommand(node.name, ['ip', '-batch', '-'], lines)] : []),
  ]
}

function keepCommands(
  { nodes }: KindCluster,
  node: NodeFacts,
  { kept }: Wanted,
  { masquerade }: State,
): readonly Command[] {
  return missingReturns(masquerade, kept).map((cidr) => keepAddressCommand(nodes, node.name, cidr))
}

/** A tunnel that leads elsewhere; routes over it go with it. */
async function removeTunnel(
  { tunnel }: RouteKind,
  { nodes }: KindCluster,
  node: NodeFacts,
  context: StepContext,
): Promise<void> {
  const links = await nodes.json<readonly { readonly ifname?: string }[]>(
    node.name,
    ['ip', '-json', 'link', 'show'],
    context,
  )
  if (links.some(({ ifname }) => ifname === tunnel?.device)) {
    await nodes.run(node.name, ['ip', 'link', 'delete', tunnel?.device ?? ''], context)
  }
}

function describe({ unreached, missing, stale, masquerade }: State, { kept }: Wanted): readonly string[] {
  return [
    ...unreached.map(({ name }) => `no tunnel to ${name}`),
    ...missing.map((want) => `no route ${routeText(want)}`),
    ...stale.map(({ dst }) => `a route to ${dst} that the scenario does not have`),
    ...(masquerade === undefined ? ['kindnet has not made its rules'] : []),
    ...missingReturns(masquerade, kept).map((cidr) => `pod addresses to ${cidr} are masqueraded`),
  ]
}

/** Routes into the pod CIDR of another cluster of the scenario. */
function isOurs(neighbours: readonly Neighbour[], { dst }: RouteLine): boolean {
  const at = parseCidr(dst.includes('/') ? dst : `${dst}/32`)
  if (!at) return false
  return neighbours.some(({ cluster }) => {
    const cidr = parseCidr(cluster.spec.podCidr)
    return cidr !== undefined && at.prefix >= cidr.prefix && cidrsOverlap(at, cidr)
  })
}
