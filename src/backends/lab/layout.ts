import { UsageError } from '../../errors.ts'
import { formatAddress, nodePodCidr, parseCidr } from '../../topology/cidr.ts'
import type { Cluster, Route } from '../../topology/model.ts'
import type { RouteMode } from '../../scenario/route-modes.ts'
import type { Plan, Workload } from '../../plan/plan-scenario.ts'
import { serverPort, hbonePort } from '../../plan/names.ts'
import { misrouteRoutes, type Misroute } from './forwarding.ts'
import type { Entrance } from './load-balancers/entrance.ts'
import { labLoadBalancers } from './load-balancers/load-balancers.ts'
import { checkUnderlay, l2Address, loadBalancerAddress, nodeAddress } from './underlay.ts'

/** A pod: a network namespace on the bridge of its node. */
export interface LabPod {
  /** Also its name; unique in the lab. */
  readonly netns: string
  readonly ip: string
  /** Name of the veth end in the node's namespace. */
  readonly port: string
  readonly nodeNetns: string
}

export interface LabNode {
  readonly netns: string
  readonly cluster: Cluster
  readonly number: number
  /** Address on the underlay. */
  readonly ip: string
  /** Its /24 of the pod CIDR, and the bridge's address in it. */
  readonly podCidr: string
  readonly bridgeIp: string
  readonly pods: readonly LabPod[]
}

export interface LabGateway extends Entrance {
  readonly cluster: Cluster
  /** Of which variant; undefined where there is but one. */
  readonly variant: string | undefined
  readonly pod: LabPod
  /** Node that the pod runs on. */
  readonly node: LabNode
}

/** Whatever has an address of its own on the underlay. */
export interface UnderlayHost {
  readonly netns: string
  readonly cluster: Cluster
  readonly ip: string
}

export interface LabLayout {
  readonly routeMode: RouteMode
  /** Between clusters, one direction each. */
  readonly routes: readonly Route[]
  readonly nodes: readonly LabNode[]
  readonly gateways: readonly LabGateway[]
  /** By workload name. */
  readonly pods: ReadonlyMap<string, LabPod>
  /** `vip:port` by client cluster and server workload: each cluster has its own address for a service. */
  readonly serviceAddress: (
    clientCluster: string,
    server: Workload,
  ) => { readonly host: string; readonly port: number }
}

const firstPodHost = 10
const maxPodHost = 254

/**
 * Gives every part of the testbed a name and an address. Pure and deterministic.
 * @throws UsageError when the scenario's addresses do not fit into the lab.
 */
export function layOut(plan: Plan, misroute?: Misroute): LabLayout {
  const { topology, routeMode } = plan.scenario
  checkUnderlay(topology.clusters)
  const pods = new Map<string, LabPod>()
  const nodes = topology.clusters.flatMap((cluster, clusterIndex) =>
    Array.from({ length: cluster.nodes }, (_, i): LabNode => {
      const number = i + 1
      const netns = `node-${cluster.name}-n${number}`
      const podCidr = nodePodCidr(cluster.podCidr, number)
      const names = plan.workloads
        .filter(({ placement }) => placement.cluster === cluster.name && placement.node === number)
        .map(({ name }) => name)
      if (cluster.gateway && number === gatewayNode) {
        names.push(...eachVariant(plan).map((variant) => gatewayName(cluster, variant)))
      }
      const own = names.map((name, index): LabPod => {
        const ip = hostAddress(podCidr, firstPodHost + index)
        return { netns: name, ip, port: `pod${index}`, nodeNetns: netns }
      })
      for (const pod of own) pods.set(pod.netns, pod)
      const ip = nodeAddress(clusterIndex, number)
      return { netns, cluster, number, ip, podCidr, bridgeIp: hostAddress(podCidr, 1), pods: own }
    }),
  )
  const gateways = topology.clusters.flatMap((cluster, index) =>
    eachVariant(plan).flatMap((variant, place) => gatewayOf(cluster, { index, variant, place }, nodes, pods)),
  )
  const servers = plan.workloads.filter(({ role }) => role === 'server').map(({ name }) => name)
  return {
    routeMode,
    routes: [...topology.routes, ...misrouteRoutes(plan, misroute)],
    nodes,
    gateways,
    pods,
    serviceAddress: (clientCluster, server) => {
      const cluster = topology.clusters.find(({ name }) => name === clientCluster)
      if (!cluster) throw new RangeError(`no cluster "${clientCluster}"`)
      return { host: serviceIp(cluster, servers.indexOf(server.name)), port: serverPort }
    },
  }
}

/** The gateway of a cluster, of the same variant as a workload. @throws RangeError when there is none. */
export function gatewayOfCluster(layout: LabLayout, name: string, { variant }: Workload): LabGateway {
  const found = layout.gateways.find((one) => one.cluster.name === name && one.variant === variant)
  if (found) return found
  throw new RangeError(`cluster "${name}" has no gateway`)
}

/** Gateways run on the first node. */
const gatewayNode = 1

/** Names of the variants, or undefined alone where there is but one of everything. */
export function eachVariant({ variants }: Plan): readonly (string | undefined)[] {
  return variants.length === 0 ? [undefined] : variants
}

/** e.g. `gateway-east-1`, `gateway-east-1-pr`. */
function gatewayName(cluster: Cluster, variant: string | undefined): string {
  return `gateway-${nameIn(cluster, variant)}`
}

function nameIn({ name }: Cluster, variant: string | undefined): string {
  return variant === undefined ? name : `${name}-${variant}`
}

interface GatewayPlace {
  readonly index: number
  readonly variant: string | undefined
  /** Place of the variant among all. */
  readonly place: number
}

function gatewayOf(
  cluster: Cluster,
  { index, variant, place }: GatewayPlace,
  nodes: readonly LabNode[],
  pods: ReadonlyMap<string, LabPod>,
): LabGateway[] {
  const node = nodes.find((n) => n.cluster.name === cluster.name && n.number === gatewayNode)
  const pod = pods.get(gatewayName(cluster, variant))
  if (!cluster.gateway || !node || !pod) return []
  const announced = l2Address(index, place)
  const entrance = labLoadBalancers[cluster.gateway.loadBalancer]({
    // Variants must not differ in how they are reached: none of them has the address of the node itself.
    nodeAddress: variant === undefined ? node.ip : announced,
    announced,
    balancer: { netns: `lb-${nameIn(cluster, variant)}`, ip: loadBalancerAddress(index, place) },
  })
  return [{ cluster, variant, pod, node, ...entrance }]
}

/** Nodes and load balancers. */
export function underlayHosts({ nodes, gateways }: LabLayout): readonly UnderlayHost[] {
  const balancers = gateways.flatMap(({ loadBalancerNetns, cluster, published }) =>
    loadBalancerNetns === undefined ? [] : [{ netns: loadBalancerNetns, cluster, ip: published }],
  )
  return [...nodes.map(({ netns, cluster, ip }) => ({ netns, cluster, ip })), ...balancers]
}

/** Nodes of clusters to which this node's cluster has a route. */
export function routedNodes(layout: LabLayout, node: LabNode): readonly LabNode[] {
  const targets = layout.routes.filter(({ from }) => from === node.cluster.name).map(({ to }) => to)
  return layout.nodes.filter(({ cluster }) => targets.includes(cluster.name))
}

/** The other nodes of the same cluster, which always reach each other's pods. */
export function siblingNodes({ nodes }: LabLayout, node: LabNode): readonly LabNode[] {
  return nodes.filter((n) => n.cluster.name === node.cluster.name && n.number !== node.number)
}

export function hboneAddress(ip: string): string {
  return `${ip}:${hbonePort}`
}

function hostAddress(cidr: string, host: number): string {
  if (host > maxPodHost) throw new UsageError(`too many pods on one node: ${cidr} has no room for them`)
  return formatAddress((parseCidr(cidr)?.first ?? 0) + host)
}

/** Service addresses start at .10, like those of DNS and the API server would come first. */
function serviceIp({ name, serviceCidr }: Cluster, index: number): string {
  const cidr = parseCidr(serviceCidr)
  const address = (cidr?.first ?? 0) + firstPodHost + index
  if (!cidr || address >= cidr.last) {
    throw new UsageError(`cluster "${name}": serviceCidr ${serviceCidr} has too few addresses`, {
      hint: 'use a /24 or larger',
    })
  }
  return formatAddress(address)
}
