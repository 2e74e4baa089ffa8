import type { DriverLoad } from '../agent/protocol.ts'
import type { Load } from '../scenario/types.ts'

/** A load as one driver runs it, with a short id that tells the loads of a run apart. */
export interface NamedLoad {
  /** e.g. `pingpong`, `pingpong-tcp`, `closed-c16`, `open-r500`. */
  readonly id: string
  readonly load: DriverLoad
}

/** Expands a scenario's loads: a sweep over connections is one load per step. */
export function expandLoads(loads: readonly Load[]): readonly NamedLoad[] {
  return loads.flatMap((load) =>
    load.profile === 'closed'
      ? load.connections.map((connections) => named({ ...load, connections }))
      : [named(load)],
  )
}

function named(load: DriverLoad): NamedLoad {
  const { requestBytes, responseBytes } = load
  const plain = requestBytes === defaultBytes && responseBytes === defaultBytes
  return { id: plain ? shortId(load) : `${shortId(load)}-${requestBytes}x${responseBytes}`, load }
}

function shortId(load: DriverLoad): string {
  if (load.profile === 'pingpong') return load.protocol === 'http1' ? 'pingpong' : `pingpong-${load.protocol}`
  if (load.profile === 'closed') return `closed-c${load.connections}`
  if (load.profile === 'open') return `open-r${load.ratePerSecond}`
  return load.profile
}

/** Sizes that are too common to be named in an id. */
const defaultBytes = 16
