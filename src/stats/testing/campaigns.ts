import type { Random } from '../../random.ts'
import type { Pair } from '../compare-pairs.ts'
import type { Nested } from '../nested.ts'
import { busyHost, gaussian, hostSeries } from './noise.ts'

/** What path A takes on a quiet host, ns. */
export const baseNs = 400_000

/** A run of one build in a simulated world: pairs of p50 of two paths, of which B truly differs. */
export type World = (random: Random, restarts: number, rounds: number, truth: Truth) => Nested<Pair>

/** How path B differs from path A: by a factor and by a fixed time. */
export interface Truth {
  readonly factor: number
  readonly addedNs: number
}

export const noDifference: Truth = { factor: 1, addedNs: 0 }

/** Per round, what the host's speed multiplies every path by. */
type HostSpeed = (random: Random, rounds: number) => readonly number[]

export const steadyHost: HostSpeed = (_, rounds) => Array.from({ length: rounds }, () => 1)

/** Steps to another speed at a random round, as a neighbour on the machine comes or goes. */
export const steppingHost: HostSpeed = (random, rounds) => {
  const [at, speed] = [Math.floor(random() * rounds), Math.exp(0.3 * gaussian(random))]
  return Array.from({ length: rounds }, (_, i) => (i < at ? 1 : speed))
}

/** Wanders: neighbouring rounds are alike. */
export const wanderingHost: HostSpeed = (random, rounds) =>
  hostSeries(random, rounds, busyHost).map((ns) => Math.exp(ns / baseNs))

interface Noise {
  readonly host: HostSpeed
  /** Of a path in one start, as a share of its latency: where its programs landed. */
  readonly restart: number
  /** Of a path in one round, as a share. */
  readonly round: number
  /** Of a path in one round, ns, whatever the host does. */
  readonly roundNs?: number
  /** Chance that a round is disturbed, which makes one of the paths slower by 30 % on average. */
  readonly disturbed?: number
}

/** A world in which everything but `roundNs` and what is added multiplies. */
export function worldOf({ host, restart, round, roundNs = 0, disturbed = 0 }: Noise): World {
  return (random, restarts, rounds, { factor, addedNs }) => {
    const speeds = host(random, restarts * rounds)
    const burst = () => (random() < disturbed ? 1 - 0.3 * Math.log(1 - random()) : 1)
    const starts = Array.from({ length: restarts }, (_, r) => {
      const [ofA, ofB] = [restart * gaussian(random), restart * gaussian(random)]
      return Array.from({ length: rounds }, (__, k): Pair => {
        const speed = speeds[r * rounds + k] ?? 1
        const noisy = (ofStart: number) => speed * Math.exp(ofStart + round * gaussian(random)) * burst()
        const own = () => roundNs * gaussian(random)
        return [baseNs * noisy(ofA) + own(), baseNs * factor * noisy(ofB) + addedNs + own()]
      })
    })
    return [starts]
  }
}

/** A ladder of paths measured together: per round one value per path; `steps` are the true factors between them. */
export function ladderRun(
  random: Random,
  steps: readonly number[],
  restarts: number,
  rounds: number,
): readonly Nested[] {
  const speeds = wanderingHost(random, restarts * rounds)
  const levels = steps.reduce((all, factor) => [...all, (all.at(-1) ?? 1) * factor], [baseNs])
  return levels.map((level) => [
    Array.from({ length: restarts }, (_, r) => {
      const ofStart = 0.007 * gaussian(random)
      return Array.from(
        { length: rounds },
        (__, k) => level * (speeds[r * rounds + k] ?? 1) * Math.exp(ofStart + 0.007 * gaussian(random)),
      )
    }),
  ])
}

/** The rounds of one start, of which path B has slow noise of its own: neighbours with this correlation. */
export function oneStart(random: Random, rounds: number, correlation: number, addedNs: number): Nested<Pair> {
  const smooth = { sdNs: 6_000, correlation, burstChance: 0, burstSlots: 1, burstNs: 0 }
  const own = hostSeries(random, rounds, smooth)
  const speeds = wanderingHost(random, rounds)
  const pairs = own.map((ns, k): Pair => {
    const speed = speeds[k] ?? 1
    return [baseNs * speed, (baseNs + ns) * speed + addedNs]
  })
  return [[pairs]]
}

/** Separate runs of one side: ratios of a path to the reference, whose builds and restarts move by a share. */
export function separateRuns(
  random: Random,
  {
    builds,
    restarts,
    rounds,
  }: { readonly builds: number; readonly restarts: number; readonly rounds: number },
  factor: number,
  buildShare: number,
): Nested {
  return Array.from({ length: builds }, () => {
    const ofBuild = buildShare * gaussian(random)
    return Array.from({ length: restarts }, () => {
      const ofStart = 0.007 * gaussian(random)
      return Array.from(
        { length: rounds },
        () => factor * Math.exp(ofBuild + ofStart + 0.007 * gaussian(random)),
      )
    })
  })
}
