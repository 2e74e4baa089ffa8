/**
 * What the lab backend and the companion of a real ztunnel say to each other: one JSON object per line. First line in:
 * a `CompanionConfig`. First line out: `listening` or `error`. End of input ends the companion.
 */
import type { AuthorityKeys } from '../../pki.ts'

/** A pod of the node, whose network namespace its ztunnel is to serve. */
export interface ServedPod {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly serviceAccount: string
  /** Path of its network namespace. */
  readonly netns: string
}

export interface CompanionConfig {
  readonly role: 'ztunnel-companion'
  readonly trustDomain: string
  readonly authority: AuthorityKeys
  /** SPIFFE ids for which certificates are signed; others are refused, as istiod does for pods of other nodes. */
  readonly identities: readonly string[]
  /** Path of the socket for ZDS. */
  readonly zdsSocket: string
  readonly pods: readonly ServedPod[]
}

export type CompanionRequest = { readonly type: 'state' } | { readonly type: 'read' }

export type CompanionMessage =
  | { readonly type: 'listening' }
  /** How far the ztunnel has come. */
  | {
      readonly type: 'state'
      /** Pods that it has acknowledged, the whole snapshot included. */
      readonly hasPods: boolean
      /** SPIFFE ids for which it got a certificate. */
      readonly certified: readonly string[]
      /** Status of its ready port; absent while nothing answers there. */
      readonly ready?: number
      /** What it refused or asked wrongly. */
      readonly problems: readonly string[]
    }
  /** Its own words about what it carries. */
  | { readonly type: 'read'; readonly dump: string; readonly metrics: string }
  | { readonly type: 'error'; readonly message: string }

/** The companion and its ztunnel share a network namespace of their own. */
export const loopback = '127.0.0.1'
export const caPort = 15_012
export const adminPort = 15_000
export const metricsPort = 15_020
export const readyPort = 15_021
