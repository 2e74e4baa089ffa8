import { z } from 'zod'
import type { DriverLoad } from '../agent/drivers/drivers.ts'
import { closed } from './closed.ts'
import { connect } from './connect.ts'
import { open } from './open.ts'
import { pingpong } from './pingpong.ts'
import type { LoadProfile, ProbeFlags } from './profile.ts'

/** All ways to send requests; each has a driver in the agent. */
const profiles = { pingpong, closed, open, connect } satisfies Record<DriverLoad['profile'], unknown>

type Profiles = typeof profiles
export type ProfileName = keyof Profiles

/** One way to send requests, as a scenario has it; `closed` may sweep over connection counts. */
export type Load = ReturnType<Profiles[ProfileName]['fromWritten']>

export const profileNames = Object.keys(profiles) as [ProfileName, ...ProfileName[]]

/** How a load is written in a scenario. */
export const loadSchema = z.discriminatedUnion(
  'profile',
  profileNames.map((name) => profiles[name].written) as unknown as readonly [
    Profiles[ProfileName]['written'],
  ],
)
export type LoadYaml = z.output<typeof loadSchema>

export function profileOf(name: ProfileName): LoadProfile<z.ZodObject, Load> {
  return profiles[name]
}

/** Names of further histograms that rounds keep, beside `warm` and `cold`. */
export const extraSeries = profileNames
  .flatMap((name) => profileOf(name).metrics.map(({ series }) => series))
  .filter((series) => series !== 'warm' && series !== 'cold')

/** A load as one driver runs it, with a short id that tells the loads of a run apart. */
export interface NamedLoad {
  /** e.g. `pingpong`, `pingpong-tcp`, `closed-c16`, `open-r500`. */
  readonly id: string
  readonly load: DriverLoad
}

/** Expands a scenario's loads: a sweep over connections is one load per step. */
export function expandLoads(loads: readonly Load[]): readonly NamedLoad[] {
  return loads.flatMap((load) => profileOf(load.profile).stepsOf(load).map(named))
}

/** Sizes that are too common to be named in an id. */
const defaultBytes = 16

function named(load: DriverLoad): NamedLoad {
  const { requestBytes, responseBytes } = load
  const id = profileOf(load.profile).idOf(load)
  const plain = requestBytes === defaultBytes && responseBytes === defaultBytes
  return { id: plain ? id : `${id}-${requestBytes}x${responseBytes}`, load }
}

/** The load that `probe` sends. */
export function probeLoad(name: ProfileName, flags: ProbeFlags): DriverLoad {
  const load = profileOf(name).fromProbe(flags)
  return { ...load, requestBytes: 0, responseBytes: 0 } as DriverLoad
}
