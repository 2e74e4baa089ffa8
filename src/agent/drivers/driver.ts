import type { Dial } from '../dialers.ts'
import type { Fields } from '../fields.ts'
import type { PathSample, Target } from '../protocol.ts'

export type ResponseCheck = 'echo' | 'status'

/** Body sizes, which every profile has. */
export interface Payload {
  readonly requestBytes: number
  readonly responseBytes: number
}

/** What a driver is made for. `L` is the load of its profile. */
export interface DriverSettings<L extends Payload> {
  readonly load: L
  readonly targets: readonly Target[]
  /** For connecting, and again for each response. */
  readonly timeoutMs: number
  readonly check: ResponseCheck
  /** How to get connections of a target that is dialled from another network; undefined for all others. */
  readonly dialFor?: ((dialer: Target['dialer']) => Dial | undefined) | undefined
  /** Tell two random halves of the requests of a path apart. */
  readonly halves: boolean
}

export interface Turn {
  readonly id: number
  /** The same seed gives the same order of paths and the same intended times. */
  readonly seed: number
  readonly durationMs: number
  /** To warm up: send over all connections at once, where the profile can. */
  readonly flood?: boolean | undefined
}

/**
 * Waits for stragglers are shared by the slots of a turn, so that several silent paths do not add up; what is left of
 * a slot's own answers still gets this long.
 */
export const leastGraceMs = 250

/** One way to send requests over several paths, never over two paths at once. */
export interface Driver {
  /** Connects, where the profile keeps connections. Paths that cannot connect show as errors in the turns. */
  open(): Promise<void>
  /** Sends load. */
  turn(turn: Turn): Promise<void>
  /**
   * What happened since the last call, one sample per target in the order of the targets. Apart from `turn`, because
   * encoding histograms blocks for milliseconds that are not the measurement's.
   */
  takeSamples(): readonly PathSample[]
  /** Ends all connections, also in the middle of a turn, which then resolves early. */
  close(): Promise<void>
}

/** A profile as the agent knows it: `drivers.ts` lists them. */
export interface DriverModule<L extends Payload> {
  /** Reads the fields that the profile has beside its sizes. @throws MessageError */
  readonly read: (fields: Fields, sizes: Payload) => L
  create(settings: DriverSettings<L>): Driver | Promise<Driver>
}

/** Beyond it a client has no ports left. */
export const maxConnections = 10_000
