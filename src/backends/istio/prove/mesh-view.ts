import type { OwnedAddress } from '../../../evidence/flow.ts'
import { splitAddress } from '../../../evidence/reading.ts'
import { serviceKey, type PodInventory } from '../../kubernetes/workloads/pod-inventory.ts'
import type { Plan } from '../../../plan/plan-scenario.ts'
import { serverPort, serviceHostname, hbonePort } from '../../../plan/names.ts'
import { workloadSpiffe } from '../../../plan/spiffe.ts'
import type { GatewayView } from '../read/read-mesh.ts'

/** What the addresses of a testbed mean. */
export interface MeshView {
  /**
   * `VIP:port` that a client of `cluster` dials, for any address or host name of the same service. ztunnel's DNS
   * answers with the address of every cluster, so what was dialled may be another cluster's.
   */
  target(cluster: string, host: string, port: number): string
  /** Identity of the pod with that address, e.g. `spiffe://cluster.local/ns/hopmeter/sa/client-east-n1`. */
  identityOf(ip: string): string | undefined
  /** Cluster whose gateway pod has that address. */
  gatewayOf(ip: string): string | undefined
}

export function meshView(plan: Plan, found: PodInventory, gateways: readonly GatewayView[]): MeshView {
  const hostnames = new Map<string, string>()
  const servers = plan.workloads.filter(({ role, mesh }) => role === 'server' && mesh === 'ambient')
  const clusters = plan.scenario.topology.clusters.map(({ name }) => name)
  for (const server of servers) {
    const hostname = serviceHostname(server)
    hostnames.set(hostname, hostname)
    for (const cluster of clusters) {
      const address = found.services.get(serviceKey(cluster, server))
      if (address !== undefined) hostnames.set(address, hostname)
    }
  }
  const local = new Map(
    servers.flatMap((server) =>
      clusters.map((cluster) => {
        const key = `${cluster}/${serviceHostname(server)}`
        return [key, found.services.get(serviceKey(cluster, server))] as const
      }),
    ),
  )
  const identities = new Map(
    [...found.pods.values()]
      .filter(({ workload }) => workload.mesh === 'ambient')
      .map(({ ip, workload }) => [ip, workloadSpiffe(workload)]),
  )
  const owners = new Map(gateways.flatMap(({ cluster, podIps }) => podIps.map((ip) => [ip, cluster])))
  return {
    target: (cluster, host, port) => {
      const hostname = hostnames.get(host)
      const address = hostname === undefined ? undefined : local.get(`${cluster}/${hostname}`)
      return `${address ?? host}:${port}`
    },
    identityOf: (ip) => identities.get(ip),
    gatewayOf: (ip) => owners.get(ip),
  }
}

/** Addresses that ztunnels and gateways own; those of pods are the backend's. */
export function meshAddresses(
  found: PodInventory,
  gateways: readonly GatewayView[],
): readonly OwnedAddress[] {
  const ztunnels = [...found.pods.values()]
    .filter(({ workload }) => workload.mesh === 'ambient')
    .map(({ ip, workload }): OwnedAddress => {
      return { address: `${ip}:${hbonePort}`, component: { kind: 'ztunnel', ...workload.placement } }
    })
  const entrances = gateways.flatMap(({ cluster, proxied, published, podIps, entrances: further }) => {
    const gateway = { kind: 'east-west-gateway', cluster } as const
    const first = proxied ? ({ kind: 'load-balancer', cluster } as const) : gateway
    const behind = [...podIps.map((ip) => `${ip}:${hbonePort}`), ...further]
    return [
      { address: `${published}:${hbonePort}`, component: first },
      ...behind.map((address): OwnedAddress => ({ address, component: gateway })),
    ]
  })
  return [...ztunnels, ...entrances]
}

/** The port of `ip:port`; where there is none, that of every service of a scenario. */
export function portOf(address: string): number {
  return splitAddress(address)?.port ?? serverPort
}
