/**
 * What the lab says to `lab-delay-relay`: one JSON line in. `relay` answers `listening` and goes on until the end
 * of input; `round-trip` measures, answers `round-trip` and ends.
 */

/** Packets between an address of `a` and one of `b` are held for `delayMs`, either way. */
export interface DelayedPair {
  readonly a: readonly string[]
  readonly b: readonly string[]
  readonly delayMs: number
}

export interface RelayConfig {
  readonly role: 'relay'
  readonly host: string
  /** UDP port of VXLAN, here and at the tunnel ends. */
  readonly port: number
  readonly pairs: readonly DelayedPair[]
}

/** Times TCP connections to a closed port: the refusal takes one round trip. */
export interface RoundTripConfig {
  readonly role: 'round-trip'
  readonly host: string
  readonly port: number
  readonly count: number
}

export type DelayConfig = RelayConfig | RoundTripConfig

export type DelayMessage =
  | { readonly type: 'listening' }
  | { readonly type: 'round-trip'; readonly medianMs: number }
  | { readonly type: 'error'; readonly message: string }
