import { seededRandom, shuffled } from '../random.ts'
import { profileOf, type NamedLoad } from '../load/profiles.ts'

/** One slot of a round: one client sends one load over all of its paths. */
export interface Turn {
  /** Client workload name. */
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

/**
 * Splits a round among clients and loads. Every path gets the same share of the round, so a client with four paths
 * has a slot four times as long as a client with one. Profiles that visit paths one after the other over connections
 * of that visit have a turn per path: then the CPU time of a turn is that path's.
 */
export function planTurns(
  paths: readonly { readonly name: string; readonly client: string }[],
  loads: readonly NamedLoad[],
  roundMs: number,
): readonly Turn[] {
  const byClient = new Map<string, string[]>()
  for (const { name, client } of paths) byClient.set(client, [...(byClient.get(client) ?? []), name])
  const shareMs = roundMs / (paths.length * loads.length)
  return loads.flatMap((load) =>
    [...byClient].flatMap(([client, own]) =>
      (hasTurnPerPath(load) ? own.map((name) => [name]) : [own]).map((visited) => ({
        client,
        load,
        paths: visited,
        durationMs: Math.round(shareMs * visited.length),
      })),
    ),
  )
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
