/**
 * What the lab backend and a component process (ztunnel, east-west gateway, load balancer) say to each other:
 * one JSON object per line. First line in: a `ComponentConfig`. First line out: `listening` or `error`.
 * Afterwards each `{"type":"flows"}` is answered by one `flows` line. End of input ends the process.
 */
import type { Flow } from '../../../evidence/flow.ts'

/** PEM texts; private keys travel on stdin only and are never written to disk. */
export interface Identity {
  /** e.g. `spiffe://cluster.local/ns/hopmeter/sa/client`. */
  readonly spiffe: string
  readonly certPem: string
  readonly keyPem: string
  /** Trust bundle. */
  readonly rootPem: string
}

/** An outbound service as ztunnel's workload discovery would tell it. */
export interface OutboundService {
  /** `host:port` that the application dials: the service VIP and port. Evidence calls it the original destination. */
  readonly vip: string
  /** Loopback port of the client pod to which the kernel redirects connections for this VIP. */
  readonly capturePort: number
  /** `server.hopmeter.svc.cluster.local:8080`. */
  readonly serviceAuthority: string
  readonly upstream:
    | {
        readonly protocol: 'HBONE'
        /** `podIP:15008`. */
        readonly address: string
        /** CONNECT authority: `podIP:targetPort`. */
        readonly authority: string
        readonly serverSpiffe: readonly string[]
      }
    | {
        readonly protocol: 'DOUBLEHBONE'
        /** Gateway or load balancer, `ip:15008`. CONNECT authority of both tunnels is `serviceAuthority`. */
        readonly address: string
        readonly gatewaySpiffe: readonly string[]
        readonly serverSpiffe: readonly string[]
        /** Value of `x-forwarded-network`: the client's network. */
        readonly network: string
      }
}

export interface ZtunnelConfig {
  readonly role: 'ztunnel'
  readonly name: string
  /** Pod address; inbound listens on `podIp:15008`. */
  readonly podIp: string
  readonly trustDomain: string
  /** One identity per pod that this process serves: outbound uses `client`, inbound presents `server`. */
  readonly outbound?:
    { readonly identity: Identity; readonly services: readonly OutboundService[] } | undefined
  readonly inbound?:
    | {
        readonly identity: Identity
        /** Accepted CONNECT authorities and where each goes: `podIP:8080` and `service.host:8080` to `podIP:8080`. */
        readonly targets: Readonly<Record<string, string>>
        /** SPIFFE ids that may connect; empty means any of the trust domain. */
        readonly allowedSpiffe: readonly string[]
      }
    | undefined
}

export interface GatewayConfig {
  readonly role: 'gateway'
  readonly name: string
  /** `ip:15008`. */
  readonly listen: string
  readonly trustDomain: string
  readonly identity: Identity
  /** CONNECT authority of the outer tunnel (`service.host:8080`) to `podIP:15008`. */
  readonly targets: Readonly<Record<string, string>>
}

export interface LoadBalancerConfig {
  readonly role: 'load-balancer'
  readonly name: string
  readonly listen: string
  readonly upstream: string
}

export type ComponentConfig = ZtunnelConfig | GatewayConfig | LoadBalancerConfig

export type ComponentRequest = { readonly type: 'flows' }

/** Connections that a component refused or could not carry on, counted per cause: material for "why". */
export interface Failure {
  readonly direction: Flow['direction']
  /** IP address of whoever opened the connection. */
  readonly source: string
  readonly requested?: string | undefined
  readonly upstream?: string | undefined
  /** e.g. `ECONNREFUSED`, `CONNECT answered 503`, `server is spiffe://…, expected spiffe://…`. */
  readonly reason: string
  readonly count: number
}

export type ComponentMessage =
  | { readonly type: 'listening' }
  | { readonly type: 'flows'; readonly flows: readonly Flow[]; readonly failures: readonly Failure[] }
  | { readonly type: 'error'; readonly message: string }
