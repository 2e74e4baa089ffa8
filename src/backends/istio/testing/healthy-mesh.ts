import type {
  ClusterMeshFacts,
  GatewayFacts,
  MeshFacts,
  PathFacts,
  ZtunnelFacts,
} from '../check/mesh-facts.ts'

export const hostname = 'server-west-n1.hopmeter.svc.cluster.local'
export const directHostname = 'server-west-n2.hopmeter.svc.cluster.local'

export function ztunnel(network: string, over: Partial<ZtunnelFacts> = {}): ZtunnelFacts {
  return {
    node: 1,
    network,
    clusterId: network,
    threads: 2,
    roots: ['sha256:aa'],
    trustDomains: ['cluster.local'],
    startedAt: '2026-11-23T01:00:00Z',
    endpoints: new Map([
      [hostname, [{ clusterId: 'west', viaGateway: 'west/172.18.0.4' }]],
      [directHostname, [{ clusterId: 'west' }]],
    ]),
    ...over,
  }
}

export const service = {
  name: 'server-west-n1',
  hostname,
  labels: { 'istio.io/global': 'true' },
  ports: [8080],
}
export const directService = { ...service, name: 'server-west-n2', hostname: directHostname }

export function cluster(
  name: string,
  number: number,
  over: Partial<ClusterMeshFacts> = {},
): ClusterMeshFacts {
  const other = name === 'east' ? 'west' : 'east'
  return {
    name,
    podCidr: `10.${number}.0.0/16`,
    serviceCidr: `10.11${number}.0.0/16`,
    network: name,
    networkLabel: name,
    gatewayClasses: ['istio', 'istio-east-west'],
    remotes: new Map([
      [name, 'synced'],
      [other, 'synced'],
    ]),
    remoteServers: new Map([[other, 'https://172.18.0.9:6443']]),
    ztunnels: [ztunnel(name)],
    pods: [
      {
        name: name === 'east' ? 'client-east-n1' : 'server-west-n1',
        workload: name === 'east' ? 'client-east-n1' : 'server-west-n1',
        node: 1,
        mesh: 'ambient',
        redirection: 'enabled',
        protocol: 'HBONE',
        labels: {},
        startedAt: '2026-11-23T01:05:00Z',
      },
    ],
    services: [service, directService],
    namespaceLabels: { 'istio.io/dataplane-mode': 'ambient' },
    policies: [],
    kubernetes: 'v1.34.0',
    ...over,
  }
}

export const gateway: GatewayFacts = {
  addresses: ['172.18.0.4'],
  clusterIp: '10.112.0.7',
  ingress: '172.18.0.4',
}
export const east = cluster('east', 1)
export const west = cluster('west', 2, { gateway })
export const path: PathFacts = {
  name: 'gateway',
  client: { cluster: 'east', node: 1 },
  server: { cluster: 'west', node: 1 },
  hostname,
  hops: 5,
  gateway: 'west',
}
export const direct: PathFacts = {
  ...path,
  name: 'direct',
  hops: 4,
  gateway: undefined,
  hostname: directHostname,
}

/** Two clusters, two networks, one gateway; nothing wrong with them. */
export const healthy: MeshFacts = {
  istio: '1.31.0',
  clusters: [east, west],
  paths: [path],
  loads: [{ profile: 'closed', connections: [1, 100], requestBytes: 16, responseBytes: 16 }],
  longestRestMs: 10_000,
  cores: 8,
  cgroupVersion: 1,
}

export function withEast(over: Partial<ClusterMeshFacts>): MeshFacts {
  return { ...healthy, clusters: [{ ...east, ...over }, west] }
}

export function withWest(over: Partial<ClusterMeshFacts>): MeshFacts {
  return { ...healthy, clusters: [east, { ...west, ...over }] }
}
