import type { Identity } from '../../../../components/protocol.ts'

/** A service as the pod's side of the stand-in needs it. */
export interface StandInService {
  /** `ip:port`. */
  readonly vip: string
  readonly hostname: string
  readonly spiffe: readonly string[]
  readonly upstream:
    | { readonly protocol: 'HBONE'; readonly address: string; readonly authority: string }
    | {
        readonly protocol: 'DOUBLEHBONE'
        readonly address: string
        readonly gatewaySpiffe: readonly string[]
      }
}

export interface PodConfig {
  readonly ip: string
  readonly network: string
  readonly trustDomain: string
  readonly mark: number
  readonly identity: Identity
  readonly services: readonly StandInService[]
  /** CONNECT authorities that are this pod's: its address and its services. */
  readonly own: readonly string[]
  readonly appPort: number
}

/** A connection as ztunnel's dump, log and counters tell of it. */
export interface StandInConnection {
  readonly id: number
  readonly direction: 'inbound' | 'outbound'
  readonly protocol: string
  readonly src: string
  readonly originalDst: string
  readonly actualDst: string
  readonly sourceIdentity: string
  readonly destinationIdentity: string
  readonly hboneAddress: string
  readonly service: string
  readonly bytesUp: number
  readonly bytesDown: number
}

export type PodMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'open'; readonly connections: readonly StandInConnection[] }
  | { readonly type: 'closed'; readonly connection: StandInConnection }
