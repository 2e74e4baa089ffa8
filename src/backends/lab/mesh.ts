import { ofVariant } from '../../topology/component.ts'
import type { OwnedAddress } from '../../evidence/flow.ts'
import type { Component } from '../../topology/model.ts'
import type { Plan, Workload } from '../../plan/plan-scenario.ts'
import { meshNamespace, serverPort, serviceHostname } from '../../plan/names.ts'
import { gatewaySpiffe, spiffeId, trustDomain, workloadSpiffe } from '../../plan/spiffe.ts'
import type { ComponentConfig, Identity, OutboundService } from './components/protocol.ts'
import { planZtunnels, type PlannedZtunnel } from './engines/ztunnel/plan-ztunnels.ts'
import { accountOf, type Misroute } from './forwarding.ts'
import { eachVariant, gatewayOfCluster, hboneAddress, type LabLayout, type LabPod } from './layout.ts'
import { podOf, relationsOf, type Relation } from './relations.ts'

const firstCapturePort = 15_400

/** A component process to start, before its keys are made. */
export interface PlannedComponent {
  /** Process name, unique in the lab. */
  readonly name: string
  readonly netns: string
  readonly component: Component
  /** SPIFFE ids that it needs keys for. */
  readonly identities: readonly string[]
  readonly config: (identity: (spiffe: string) => Identity) => ComponentConfig
}

/** Kernel redirections in a client pod. */
export interface Capture {
  readonly pod: LabPod
  /** Connections to the service `vip:port` go to this port of the pod. */
  readonly services: readonly { readonly vip: string; readonly port: number; readonly capturePort: number }[]
  /** Whether a real ztunnel takes all that the pod sends and finds out itself what was meant. */
  readonly everything: boolean
  /** Pods of the same node whose HBONE port this pod's ztunnel serves: one process plays both roles. */
  readonly sameNode: readonly string[]
}

/** Whether the ztunnel of a node is a real one, for pods of a variant. */
export type RealAt = (place: Pick<Workload, 'placement' | 'variant'>) => boolean

export interface Mesh {
  readonly components: readonly PlannedComponent[]
  /** Real ztunnels, one per node; ours are among the components. */
  readonly ztunnels: readonly PlannedZtunnel[]
  readonly captures: readonly Capture[]
  readonly addresses: readonly OwnedAddress[]
}

/**
 * Derives the ztunnels, gateways and load balancers, what each of them knows, and who owns which address. Pure.
 * `isReal`: where the ztunnel is a real one, one for all pods of a node and variant, instead of our own.
 */
export function planMesh(
  plan: Plan,
  layout: LabLayout,
  misroute?: Misroute,
  isReal: RealAt = () => false,
): Mesh {
  const relations = relationsOf(plan, misroute)
  const ambient = plan.workloads.filter((workload) => workload.mesh === 'ambient')
  const clients = ambient.filter(({ role }) => role === 'client')
  const servers = ambient.filter(({ role, name }) => role === 'server' && needsOwnZtunnel(name, relations))
  const isOurs = (workload: Workload) => !isReal(workload)
  const network = (cluster: string) =>
    plan.scenario.topology.clusters.find(({ name }) => name === cluster)?.network ?? ''
  return {
    components: [
      ...clients.filter(isOurs).map((client) => clientZtunnel(client, relations, layout, network, misroute)),
      ...servers.filter(isOurs).map((server) => serverZtunnel(server, layout)),
      ...gatewayComponents(relations, layout),
    ],
    ztunnels: eachVariant(plan).flatMap((variant) =>
      planZtunnels(plan, layout, relations, { variant, isReal, misroute }),
    ),
    captures: clients.map((client) => ({
      ...captureOf(client, relations, layout),
      everything: isReal(client),
    })),
    addresses: ownedAddresses(plan, layout),
  }
}

/** A server that only clients of its own node use has its inbound side in their ztunnel, as one per node has. */
function needsOwnZtunnel(server: string, relations: readonly Relation[]): boolean {
  return relations.some((r) => r.server.name === server && !(r.sameNode && r.forwarding.via === 'pod'))
}

/** Services that the client's ztunnel knows, in a fixed order, which decides capture ports. */
function servicesOf(client: Workload, relations: readonly Relation[]): readonly Relation[] {
  return relations.filter(
    (r) => r.client.name === client.name && (r.forwarding.via === 'pod' || r.forwarding.via === 'gateway'),
  )
}

function sameNodeServers(client: Workload, relations: readonly Relation[]): readonly Workload[] {
  return servicesOf(client, relations)
    .filter((r) => r.sameNode && r.forwarding.via === 'pod')
    .map((r) => r.server)
}

function clientZtunnel(
  client: Workload,
  relations: readonly Relation[],
  layout: LabLayout,
  network: (cluster: string) => string,
  misroute: Misroute | undefined,
): PlannedComponent {
  const name = `ztunnel-${client.name}`
  const spiffe = spiffeId(meshNamespace, accountOf(client, misroute))
  const pod = podOf(layout, client)
  const [local] = sameNodeServers(client, relations)
  const services = servicesOf(client, relations).map((relation, i) => {
    const { host, port } = layout.serviceAddress(client.placement.cluster, relation.server)
    return outboundService(relation, `${host}:${port}`, firstCapturePort + i, layout, network)
  })
  return {
    name,
    netns: pod.netns,
    component: { kind: 'ztunnel', ...client.placement, ...ofVariant(client.variant) },
    identities: [spiffe, ...(local ? [workloadSpiffe(local)] : [])],
    config: (identity) => ({
      role: 'ztunnel',
      name,
      podIp: pod.ip,
      trustDomain,
      outbound: { identity: identity(spiffe), services },
      ...(local ? { inbound: inbound(local, layout, identity) } : {}),
    }),
  }
}

function serverZtunnel(server: Workload, layout: LabLayout): PlannedComponent {
  const name = `ztunnel-${server.name}`
  const pod = podOf(layout, server)
  return {
    name,
    netns: pod.netns,
    component: { kind: 'ztunnel', ...server.placement, ...ofVariant(server.variant) },
    identities: [workloadSpiffe(server)],
    config: (identity) => ({
      role: 'ztunnel',
      name,
      podIp: pod.ip,
      trustDomain,
      inbound: inbound(server, layout, identity),
    }),
  }
}

function inbound(server: Workload, layout: LabLayout, identity: (spiffe: string) => Identity) {
  const app = `${podOf(layout, server).ip}:${serverPort}`
  return {
    identity: identity(workloadSpiffe(server)),
    targets: { [app]: app, [serviceAuthority(server)]: app },
    // Without an authorization policy a ztunnel accepts any workload of its trust domain.
    allowedSpiffe: [],
  }
}

function outboundService(
  { client, server, forwarding }: Relation,
  vip: string,
  capturePort: number,
  layout: LabLayout,
  network: (cluster: string) => string,
): OutboundService {
  const common = { vip, capturePort, serviceAuthority: serviceAuthority(server) }
  const serverSpiffe = [workloadSpiffe(server)]
  if (forwarding.via === 'gateway') {
    const gateway = gatewayOfCluster(layout, forwarding.cluster, client)
    const address = hboneAddress(gateway.published)
    const clientNetwork = network(client.placement.cluster)
    const upstream = {
      protocol: 'DOUBLEHBONE',
      address,
      gatewaySpiffe: [gatewaySpiffe],
      serverSpiffe,
    } as const
    return { ...common, upstream: { ...upstream, network: clientNetwork } }
  }
  const { ip } = podOf(layout, server)
  const authority = `${ip}:${serverPort}`
  return { ...common, upstream: { protocol: 'HBONE', address: hboneAddress(ip), authority, serverSpiffe } }
}

function gatewayComponents(relations: readonly Relation[], layout: LabLayout): PlannedComponent[] {
  return layout.gateways.flatMap((gateway): PlannedComponent[] => {
    const cluster = gateway.cluster.name
    const of = ofVariant(gateway.variant)
    const served = relations
      .filter((r) => r.forwarding.via === 'gateway' && r.forwarding.cluster === cluster)
      .filter((r) => r.server.variant === gateway.variant)
      .map((r): [string, string] => [serviceAuthority(r.server), hboneAddress(podOf(layout, r.server).ip)])
    const name = gateway.pod.netns
    const process: PlannedComponent = {
      name,
      netns: name,
      component: { kind: 'east-west-gateway', cluster, ...of },
      identities: [gatewaySpiffe],
      config: (identity) => ({
        role: 'gateway',
        name,
        listen: hboneAddress(gateway.pod.ip),
        trustDomain,
        identity: identity(gatewaySpiffe),
        targets: Object.fromEntries(served),
      }),
    }
    const lb = gateway.loadBalancerNetns
    if (lb === undefined) return [process]
    const listen = hboneAddress(gateway.published)
    const upstream = hboneAddress(gateway.nodeAddress)
    const balancer: PlannedComponent = {
      name: lb,
      netns: lb,
      component: { kind: 'load-balancer', cluster, ...of },
      identities: [],
      config: () => ({ role: 'load-balancer', name: lb, listen, upstream }),
    }
    return [process, balancer]
  })
}

function captureOf(
  client: Workload,
  relations: readonly Relation[],
  layout: LabLayout,
): Omit<Capture, 'everything'> {
  return {
    pod: podOf(layout, client),
    services: servicesOf(client, relations).map(({ server }, i) => {
      const { host, port } = layout.serviceAddress(client.placement.cluster, server)
      return { vip: host, port, capturePort: firstCapturePort + i }
    }),
    sameNode: sameNodeServers(client, relations).map((server) => podOf(layout, server).ip),
  }
}

function ownedAddresses(plan: Plan, layout: LabLayout): readonly OwnedAddress[] {
  const servers = plan.workloads
    .filter(({ role }) => role === 'server')
    .flatMap((server): OwnedAddress[] => {
      const { ip } = podOf(layout, server)
      const where = { ...server.placement, ...ofVariant(server.variant) }
      const app = { address: `${ip}:${serverPort}`, component: { kind: 'server-pod', ...where } } as const
      const tunnel = { address: hboneAddress(ip), component: { kind: 'ztunnel', ...where } } as const
      return server.mesh === 'ambient' ? [app, tunnel] : [app]
    })
  const gateways = layout.gateways.flatMap((gateway): OwnedAddress[] => {
    const where = { cluster: gateway.cluster.name, ...ofVariant(gateway.variant) }
    const own = [gateway.pod.ip, gateway.nodeAddress].map((ip): OwnedAddress => {
      return { address: hboneAddress(ip), component: { kind: 'east-west-gateway', ...where } }
    })
    const front: OwnedAddress = {
      address: hboneAddress(gateway.published),
      component: { kind: 'load-balancer', ...where },
    }
    return gateway.loadBalancerNetns === undefined ? own : [...own, front]
  })
  return [...servers, ...gateways]
}

function serviceAuthority(server: Workload): string {
  return `${serviceHostname(server)}:${serverPort}`
}
