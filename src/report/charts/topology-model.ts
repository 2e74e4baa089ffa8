import type { LoadBalancerKind } from '../../topology/load-balancers.ts'
import type { Component } from '../../topology/model.ts'
import type { Captions } from './frame.ts'

export interface TopologyCluster {
  readonly name: string
  readonly network: string
  readonly nodes: number
  /** Absent without an east-west gateway. */
  readonly gateway?: { readonly loadBalancer: LoadBalancerKind } | undefined
}

export interface TopologyModel extends Captions {
  readonly clusters: readonly TopologyCluster[]
  /** Pod CIDRs routed between two clusters; `isOneWay` from the first to the second only. */
  readonly routes: readonly {
    readonly between: readonly [string, string]
    readonly isOneWay?: boolean | undefined
    /** `static`, `vxlan`, `bgp`. */
    readonly mode: string
  }[]
  /** Round-trip delay between two networks. */
  readonly delays: readonly { readonly between: readonly [string, string]; readonly rttMs: number }[]
  readonly paths: readonly {
    readonly name: string
    /** In the order in which a request visits them; empty when the path must not exist. */
    readonly components: readonly Component[]
    /** Why there is no path. */
    readonly note?: string | undefined
  }[]
}

export interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}
