import type { LoadBalancerKind } from './load-balancers.ts'

/** What the path rule knows of a testbed. No I/O, no backend: names, labels, reachability. */

export interface Gateway {
  readonly loadBalancer: LoadBalancerKind
}

export interface Cluster {
  /** DNS-1123 label. */
  readonly name: string
  /** The `topology.istio.io/network` label. */
  readonly network: string
  /** IPv4 CIDR, e.g. `10.10.0.0/16`. Nodes take a /24 each. */
  readonly podCidr: string
  readonly serviceCidr: string
  /** Number of nodes, 1 or more. */
  readonly nodes: number
  /** The east-west gateway of this cluster, when it has one. */
  readonly gateway?: Gateway | undefined
}

/** Pods of `from` can send packets to the pod CIDR of `to`. One direction. */
export interface Route {
  readonly from: string
  readonly to: string
}

export interface Topology {
  readonly clusters: readonly Cluster[]
  readonly routes: readonly Route[]
}

/** Where a pod runs: cluster name and node number (1-based). */
export interface Placement {
  readonly cluster: string
  readonly node: number
}

/** `ambient`: both pods are in the mesh; `none`: neither is. */
export type Mesh = 'ambient' | 'none'

export interface PathEnds {
  readonly client: Placement
  readonly server: Placement
  readonly mesh: Mesh
}

export type ComponentKind = 'client-pod' | 'ztunnel' | 'east-west-gateway' | 'load-balancer' | 'server-pod'

/** What terminates or forwards the bytes of a path. `node` is absent for gateways and load balancers. */
export interface Component {
  readonly kind: ComponentKind
  readonly cluster: string
  readonly node?: number | undefined
  /** Of which of the variants that stand side by side; absent where there is but one of everything. */
  readonly variant?: string | undefined
}

/** ztunnel's name for the transport that the client side opens (`config_dump`, field `protocol`). */
export type Protocol = 'TCP' | 'HBONE' | 'DOUBLEHBONE'

export type NoPathCode = 'unknown-cluster' | 'unknown-node' | 'unrouted' | 'one-way-route' | 'no-gateway'

export type PathRuleResult =
  | {
      readonly possible: true
      /** Number of components, both pods included. */
      readonly hops: number
      readonly protocol: Protocol
      /** In the order in which a request visits them. */
      readonly components: readonly Component[]
    }
  | { readonly possible: false; readonly code: NoPathCode; readonly reason: string }
