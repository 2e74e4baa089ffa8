import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { DriverLoad, PathSample, Target } from '../protocol.ts'
import { authorityOf } from '../wire/http1-request.ts'

export type ResponseCheck = 'echo' | 'status'

/** What a driver is made for. `L` narrows it to one profile. */
export interface DriverSettings<L extends DriverLoad = DriverLoad> {
  readonly load: L
  readonly targets: readonly Target[]
  /** For connecting, and again for each response. */
  readonly timeoutMs: number
  readonly check: ResponseCheck
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

/**
 * Targets with addresses in place of host names, so that no request waits for DNS.
 * @throws Error when a name does not resolve.
 */
export function resolveTargets(targets: readonly Target[]): Promise<Target[]> {
  return Promise.all(
    targets.map(async (target) => {
      if (isIP(target.host) !== 0) return target
      const { address } = await lookup(target.host)
      return { ...target, host: address, authority: authorityOf(target) }
    }),
  )
}
