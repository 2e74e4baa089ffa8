import { z } from 'zod'
import type { DriverLoad } from '../agent/drivers/drivers.ts'
import { plural } from '../plural.ts'
import type { Metric } from './metric.ts'

/** What `probe` is told of a load. */
export interface ProbeFlags {
  readonly protocol: 'http1' | 'http2'
  readonly connections: number
  readonly ratePerSecond: number
  readonly busyPoll: boolean
}

/** What results tell of a load; those of other versions may lack a number. */
export interface SentLoad {
  readonly connections?: number | undefined
  readonly ratePerSecond?: number | undefined
}

/** What must be known of a profile to plan rounds and to judge them. */
export interface LoadTraits {
  /** Paths are visited one after the other over connections of that visit: CPU time of a turn is that path's. */
  readonly hasTurnPerPath: boolean
  /** Only one program at a time has anything to do. */
  readonly hasOneInFlight: boolean
  /** A busy generator delays nobody, or is what is looked for. */
  readonly mayBeBusy: boolean
  /** Opens a connection for every request. */
  readonly connectsEachTime: boolean
}

/**
 * A way to send requests, as everyone but its driver knows it. `Y` is what people write, `S` what a scenario holds,
 * `L` what one driver sends.
 */
export interface LoadProfile<
  Y extends z.ZodObject = z.ZodObject,
  S extends { readonly profile: string } = DriverLoad,
  L extends DriverLoad = DriverLoad,
> extends LoadTraits {
  readonly written: Y
  fromWritten(load: z.output<Y>): S
  fromProbe(flags: ProbeFlags): Omit<L, 'requestBytes' | 'responseBytes'>
  /** One for each number of connections of a sweep. */
  stepsOf(load: S): readonly L[]
  /** e.g. `pingpong-tcp`, `closed-c16`: tells the loads of one run apart. */
  idOf(load: L): string
  /** e.g. `closed with 4 connections and` the payload. */
  describe(load: L, payload: string): string
  /** e.g. `one request in flight, connections reused`. */
  inWords(load: SentLoad): string
  /** The headline comes first. */
  readonly metrics: readonly [Metric, ...Metric[]]
  /** Names of those that `probe` shows, the one of open connections first. */
  readonly probed: readonly string[]
}

export const payloadFields = {
  requestBytes: z.int().min(0).max(1_048_576).describe('Body size of a request.').default(16),
  responseBytes: z.int().min(0).max(1_048_576).describe('Body size of a response.').default(16),
}

/** e.g. ` over 16 connections`; empty where their number is not known. */
export function overConnections({ connections }: SentLoad): string {
  return connections === undefined ? '' : ` over ${plural(connections, 'connection')}`
}
