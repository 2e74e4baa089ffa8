import type { Load } from '../../../load/profiles.ts'
import type { LoadBalancerKind } from '../../../topology/load-balancers.ts'
import type { RouteFacts } from '../../kubernetes/cluster/node-shell.ts'

/** What is known of one cluster; what was not asked is absent, and what is absent is not judged. */
export interface ClusterMeshFacts {
  readonly name: string
  readonly podCidr: string
  readonly serviceCidr: string
  /** The scenario's; the label must have the same. */
  readonly network: string
  readonly networkLabel?: string | undefined
  /** Pod CIDR of each node. */
  readonly nodeCidrs?: readonly string[] | undefined
  /** Two contexts with the same one lead to one cluster. */
  readonly uid?: string | undefined
  readonly controlPlane?: ControlPlaneFacts | undefined
  /** The scenario's, in front of its gateway. */
  readonly loadBalancer?: LoadBalancerKind | undefined
  readonly gatewayClasses?: readonly string[] | undefined
  /** State by cluster, as istiod says. */
  readonly remotes?: ReadonlyMap<string, string> | undefined
  /** API server in the remote secret of each other cluster. */
  readonly remoteServers?: ReadonlyMap<string, string> | undefined
  readonly ztunnels?: readonly ZtunnelFacts[] | undefined
  readonly gateway?: GatewayFacts | undefined
  readonly pods?: readonly PodFacts[] | undefined
  readonly services?: readonly ServiceFacts[] | undefined
  /** The mesh namespace's. */
  readonly namespaceLabels?: Readonly<Record<string, string>> | undefined
  readonly policies?: readonly PolicyFacts[] | undefined
  readonly routes?: readonly RouteFacts[] | undefined
  /** Lines of `iptables -t nat -S KIND-MASQ-AGENT`, per node name. */
  readonly masquerade?: ReadonlyMap<string, readonly string[]> | undefined
  /** e.g. `v1.34.0`. */
  readonly kubernetes?: string | undefined
}

export interface ControlPlaneFacts {
  /** Whether there is a system namespace at all. */
  readonly isInstalled: boolean
  /** How many there are, and whether one is available. */
  readonly istiods: number
  readonly isAvailable: boolean
  /** Tag of its image. */
  readonly version: string
  /** What Istio calls the cluster; absent without an available istiod. */
  readonly clusterId?: string | undefined
  /** The daemon set; absent without one. */
  readonly ztunnel?:
    { readonly available: number; readonly wanted: number; readonly network: string } | undefined
}

export interface ZtunnelFacts {
  readonly node: number
  /** Its `NETWORK`. */
  readonly network: string
  readonly clusterId: string
  readonly threads?: number | undefined
  /** Fingerprints of the roots that its certificates lead to. */
  readonly roots: readonly string[]
  readonly trustDomains: readonly string[]
  readonly startedAt?: string | undefined
  /** What it knows behind each service, by host name. */
  readonly endpoints: ReadonlyMap<string, readonly EndpointFacts[]>
}

export interface EndpointFacts {
  readonly clusterId: string
  /** `network/address`. */
  readonly viaGateway?: string | undefined
  readonly ips?: readonly string[] | undefined
}

export interface GatewayFacts {
  /** What the Gateway publishes. */
  readonly addresses: readonly string[]
  readonly clusterIp: string
  /** What the load balancer gave. */
  readonly ingress?: string | undefined
  readonly className?: string | undefined
  /** Its label. */
  readonly network?: string | undefined
  /** Whether its load balancer says that it proxies. */
  readonly isProxied?: boolean | undefined
}

export interface PodFacts {
  readonly name: string
  /** Of the plan; several pods can stand for one. */
  readonly workload: string
  readonly node: number
  readonly mesh: 'ambient' | 'none'
  /** Annotation `ambient.istio.io/redirection`. */
  readonly redirection?: string | undefined
  /** As its own ztunnel has it; `unknown` where that does not know the pod. */
  readonly protocol?: string | undefined
  /** Of its proxy inside of ztunnel, e.g. `Up`. */
  readonly state?: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly startedAt?: string | undefined
}

export interface ServiceFacts {
  readonly name: string
  readonly hostname: string
  readonly labels: Readonly<Record<string, string>>
  readonly ports: readonly number[]
  /** `spec.trafficDistribution` or its annotation. */
  readonly trafficDistribution?: string | undefined
}

/** A NetworkPolicy for ingress in the mesh namespace. */
export interface PolicyFacts {
  readonly name: string
  /** Pods of the testbed that it selects. What one policy does not let in another one may. */
  readonly pods: readonly string[]
  readonly letsTunnelsIn: boolean
}

export interface PathFacts {
  readonly name: string
  readonly client: { readonly cluster: string; readonly node: number }
  readonly server: { readonly cluster: string; readonly node: number }
  readonly hostname: string
  readonly hops: number
  /** Address of the server's pod. */
  readonly serverIp?: string | undefined
  /** Cluster whose gateway it enters. */
  readonly gateway?: string | undefined
}

export interface MeshFacts {
  readonly istio: string
  readonly clusters: readonly ClusterMeshFacts[]
  readonly paths: readonly PathFacts[]
  readonly loads?: readonly Load[] | undefined
  /** How long a path may rest between two turns. */
  readonly longestRestMs?: number | undefined
  readonly cores?: number | undefined
  /** 1 or 2. */
  readonly cgroupVersion?: number | undefined
}
