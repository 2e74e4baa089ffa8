import type { PlannedPath } from '../plan/plan-scenario.ts'
import { seededRandom, shuffled } from '../random.ts'
import { profileOf, type NamedLoad } from '../load/profiles.ts'

/** One slot of a round: one generator sends one load over all of its paths. */
export interface Turn {
  /** Its client: a workload, or the place that the clients of a mix share. */
  readonly client: string
  readonly load: NamedLoad
  readonly paths: readonly string[]
  readonly durationMs: number
}

export interface ScheduledRound {
  /** 1-based. */
  readonly round: number
  /** Never two at once; in this order. */
  readonly turns: readonly (Turn & { readonly seed: number })[]
}

/** A path as far as turns go. */
export interface PathOfTurns {
  readonly name: string
  /** Name of its client workload. */
  readonly client: string
  /** Place that clients of several variants share. Absent: it has one client. */
  readonly mix?: string | undefined
}

/**
 * Who sends a load over a path. Variants have a client each, and one generator visits those of one place request by
 * request; where every path has a turn of its own, so has every client.
 */
export function generatorOf({ client, mix }: PathOfTurns, load: NamedLoad): string {
  return mix !== undefined && !hasTurnPerPath(load) ? mix : client
}

/** The turns of planned paths. */
export function turnsOf(
  paths: readonly PlannedPath[],
  loads: readonly NamedLoad[],
  roundMs: number,
): readonly Turn[] {
  const clients = paths.map(({ name, mix, clientWorkload }) => ({ name, mix, client: clientWorkload.name }))
  return planTurns(clients, loads, roundMs)
}

/**
 * Splits a round among clients and loads. Every path gets the same share of the round, so a client with four paths
 * has a slot four times as long as a client with one. Profiles that visit paths one after the other over connections
 * of that visit have a turn per path: then the CPU time of a turn is that path's.
 */
export function planTurns(
  paths: readonly PathOfTurns[],
  loads: readonly NamedLoad[],
  roundMs: number,
): readonly Turn[] {
  const shareMs = roundMs / (paths.length * loads.length)
  return loads.flatMap((load) => {
    const byClient = new Map<string, string[]>()
    for (const path of paths) {
      const client = generatorOf(path, load)
      byClient.set(client, [...(byClient.get(client) ?? []), path.name])
    }
    return [...byClient].flatMap(([client, own]) =>
      (hasTurnPerPath(load) ? own.map((name) => [name]) : [own]).map((visited) => ({
        client,
        load,
        paths: visited,
        durationMs: Math.round(shareMs * visited.length),
      })),
    )
  })
}

export function hasTurnPerPath({ load }: NamedLoad): boolean {
  return profileOf(load.profile).hasTurnPerPath
}

/** The rounds of one build: turns in shuffled order, each with a seed of its own. Pure in its arguments. */
export function scheduleRounds(
  turns: readonly Turn[],
  count: number,
  seed: number,
): readonly ScheduledRound[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, i) => ({
    round: i + 1,
    turns: shuffled(turns, random).map((turn) => ({ ...turn, seed: Math.floor(random() * 4_294_967_296) })),
  }))
}
