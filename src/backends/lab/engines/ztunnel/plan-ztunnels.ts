import { ofVariant } from '../../../../topology/component.ts'
import type { Component } from '../../../../topology/model.ts'
import type { Plan, Workload } from '../../../../plan/plan-scenario.ts'
import {
  meshNamespace,
  serverPort,
  serviceHostname,
  systemNamespace,
  gatewayName,
} from '../../../../plan/names.ts'
import { spiffeId, trustDomain, workloadSpiffe } from '../../../../plan/spiffe.ts'
import { accountOf, type Misroute } from '../../forwarding.ts'
import { gatewayOfCluster, type LabLayout, type LabNode } from '../../layout.ts'
import { podOf, type Relation } from '../../relations.ts'
import type { ServedPod } from './protocol.ts'
import type { KnownMesh, KnownPod, KnownRemote, KnownService } from './workload-config.ts'

/** The ztunnel of a node. */
export interface PlannedZtunnel {
  /** Also its network namespace: ports of its own would clash with those of another. */
  readonly name: string
  readonly component: Component
  readonly node: string
  readonly cluster: string
  readonly network: string
  readonly pods: readonly ServedPod[]
  readonly identities: readonly string[]
  readonly mesh: KnownMesh
}

/** What tells the real ztunnels of a mesh: of which variant, on which nodes, and what is wrong with them on purpose. */
interface ZtunnelChoice {
  readonly variant: string | undefined
  readonly isReal: (place: Pick<Workload, 'placement' | 'variant'>) => boolean
  readonly misroute?: Misroute | undefined
}

/** Real ztunnels of a variant: one for each node that has pods of it in the mesh, and is to have one. Pure. */
export function planZtunnels(
  plan: Plan,
  layout: LabLayout,
  relations: readonly Relation[],
  { variant, isReal, misroute }: ZtunnelChoice,
): readonly PlannedZtunnel[] {
  return layout.nodes.flatMap((node): PlannedZtunnel[] => {
    const own = plan.workloads.filter(
      (workload) =>
        workload.mesh === 'ambient' &&
        workload.placement.cluster === node.cluster.name &&
        workload.placement.node === node.number &&
        workload.variant === variant,
    )
    const [first] = own
    if (!first || !isReal(first)) return []
    const cluster = node.cluster.name
    return [
      {
        name: `ztunnel-${node.netns}${variant === undefined ? '' : `-${variant}`}`,
        component: { kind: 'ztunnel', cluster, node: node.number, ...ofVariant(variant) },
        node: node.netns,
        cluster,
        network: node.cluster.network,
        pods: own.map((workload) => servedPod(workload, misroute)),
        identities: own.map((one) => spiffeId(meshNamespace, accountOf(one, misroute))),
        mesh: knownTo(node, own, layout, relations, misroute),
      },
    ]
  })
}

function servedPod(workload: Workload, misroute: Misroute | undefined): ServedPod {
  const { name } = workload
  const netns = `/run/netns/${name}`
  return {
    uid: `hopmeter-${name}`,
    name,
    namespace: meshNamespace,
    serviceAccount: accountOf(workload, misroute),
    netns,
  }
}

/** Pods of the node, the servers that its clients use, and the gateways that lead to them. */
function knownTo(
  node: LabNode,
  own: readonly Workload[],
  layout: LabLayout,
  relations: readonly Relation[],
  misroute: Misroute | undefined,
): KnownMesh {
  const cluster = node.cluster.name
  const used = relations.filter((r) => own.some(({ name }) => name === r.client.name))
  const direct = used.filter(({ forwarding }) => forwarding.via === 'pod').map(({ server }) => server)
  const here = own.filter(({ role }) => role === 'server')
  const service = (server: Workload): KnownService => {
    const { host, port } = layout.serviceAddress(cluster, server)
    return {
      name: server.name,
      namespace: meshNamespace,
      hostname: serviceHostname(server),
      vip: `${host}:${port}`,
      targetPort: serverPort,
      spiffe: [workloadSpiffe(server)],
    }
  }
  // Whatever is dialled directly is of the same network in the eyes of a ztunnel, also when it is misrouted.
  const pod = (workload: Workload): KnownPod => ({
    ...named(workload, workload.role === 'server' ? [service(workload)] : []),
    serviceAccount: accountOf(workload, misroute),
    ip: podOf(layout, workload).ip,
    network: node.cluster.network,
    node: podOf(layout, workload).nodeNetns,
  })
  const remotes = used.flatMap(({ server, forwarding }): KnownRemote[] => {
    if (forwarding.via !== 'gateway') return []
    const gateway = gatewayOfCluster(layout, forwarding.cluster, server)
    const network = remoteNetwork(gateway.cluster.network, node.cluster.network)
    return [{ ...named(server, [service(server)]), network, gateway: gateway.published }]
  })
  const behind = new Map(
    remotes.map(({ gateway, network }) => [`${network}/${gateway}`, { gateway, network }]),
  )
  const gateways = [...behind.values()].map(({ gateway, network }): KnownPod => {
    const published = layout.gateways.find((g) => g.published === gateway)
    const of = published?.cluster.name ?? ''
    return {
      name: `${gatewayName}-${of}`,
      namespace: systemNamespace,
      serviceAccount: gatewayName,
      ip: gateway,
      network,
      cluster: of,
      node: published?.node.netns ?? '',
      services: [],
    }
  })
  const servers = unique([...direct, ...here, ...remoteServers(used)])
  return {
    trustDomain,
    network: node.cluster.network,
    pods: [...unique([...own, ...direct]).map((workload) => pod(workload)), ...gateways],
    remotes,
    services: servers.map((server) => service(server)),
  }
}

function remoteServers(used: readonly Relation[]): readonly Workload[] {
  return used.filter(({ forwarding }) => forwarding.via === 'gateway').map(({ server }) => server)
}

function named({ name, placement }: Workload, services: readonly KnownService[]) {
  return { name, namespace: meshNamespace, serviceAccount: name, cluster: placement.cluster, services }
}

/** A ztunnel uses a gateway only for another network than its own; misrouted traffic needs one to be invented. */
function remoteNetwork(ofGateway: string, own: string): string {
  return ofGateway === own ? `${ofGateway}-by-gateway` : ofGateway
}

function unique(workloads: readonly Workload[]): readonly Workload[] {
  return [...new Map(workloads.map((workload) => [workload.name, workload])).values()]
}
