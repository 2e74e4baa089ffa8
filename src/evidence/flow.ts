import type { Protocol, Component } from '../topology/model.ts'

/**
 * What one component saw of traffic with one peer and one destination, since the component started. Counters only
 * grow, so the traffic of a window is the difference of two readings. Keyed without ephemeral ports, so the number
 * of flows is bounded by the number of paths.
 */
export interface Flow {
  /** `outbound`: client-side ztunnel; `inbound`: server-side ztunnel; `forward`: gateway or load balancer. */
  readonly direction: 'outbound' | 'inbound' | 'forward'
  /** How the bytes arrived or, for `outbound`, how they left. */
  readonly protocol: Protocol
  /** IP address of whoever opened the connection to this component. */
  readonly source: string
  /** SPIFFE id of that peer, where it proved one. */
  readonly sourceIdentity?: string | undefined
  /** What the bytes were addressed to: the service `VIP:port`, or the CONNECT `:authority`; absent at a plain proxy. */
  readonly requested?: string | undefined
  /** `ip:port` that this component dialled. */
  readonly upstream: string
  /**
   * `ip:port` of this component's own ends of its open connections to `upstream`, where it tells: what the next
   * component sees as their source, so that one connection is known at both.
   */
  readonly upstreamSources?: readonly string[] | undefined
  /** Streams or connections carried so far. */
  readonly connections: number
  /** Those of them that are open now. */
  readonly open: number
  /** Application-direction bytes: client to server. Absent where the component does not count bytes. */
  readonly bytesUp?: number | undefined
  readonly bytesDown?: number | undefined
  /** Bytes of all flows that differ from this one in their source only, where the component counts them together. */
  readonly sharedBytesUp?: number | undefined
  readonly sharedBytesDown?: number | undefined
}

/** An address of the testbed and the component that owns it; evidence resolves dialled addresses with it. */
export interface OwnedAddress {
  /** `ip:port`. */
  readonly address: string
  readonly component: Component
}

/** What one running component saw. `instance` tells two processes of one node's ztunnel apart. */
export interface ComponentFlows {
  readonly component: Component
  /** Name of the process or pod. */
  readonly instance: string
  readonly flows: readonly Flow[]
}

/** All that the components saw so far. */
export interface EvidenceSnapshot {
  /** Flows of each component that can tell; pods tell nothing here. */
  readonly components: readonly ComponentFlows[]
  /** Responses completed by each server workload, per path name, since its start. */
  readonly served: readonly { readonly workload: string; readonly byPath: Readonly<Record<string, number>> }[]
}

/** Equal for flows that differ in what they counted only. */
export function flowKey(f: Flow): string {
  return JSON.stringify([f.direction, f.protocol, f.source, f.sourceIdentity, f.requested, f.upstream])
}
