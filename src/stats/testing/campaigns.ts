import type { Random } from '../seeded-random.ts'
import { busyHost, gaussian, hostSeries, type HostNoise } from './noise.ts'

const baseNs = 500_000

/** Per round, what a campaign saw of paths A and B, of which B is truly slower by `shiftNs`. */
export interface Campaign {
  readonly a: readonly number[]
  readonly b: readonly number[]
}
export type Design = (random: Random, rounds: number, shiftNs: number) => Campaign

/** Each round gives half a second to one path and half a second to the other, in shuffled order. */
export const shuffledBlocks: Design = (random, rounds, shiftNs) => {
  const slots = hostSeries(random, 2 * rounds, busyHost)
  const campaign = { a: [] as number[], b: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    const isAFirst = random() < 0.5
    const [first = 0, second = 0] = slots.slice(2 * round, 2 * round + 2)
    campaign.a.push(baseNs + (isAFirst ? first : second))
    campaign.b.push(baseNs + (isAFirst ? second : first) + shiftNs)
  }
  return campaign
}

/** Paths alternate request by request: a round's weather is common, and 2 % of it and 1 µs are not. */
export const shuffledRequests: Design = (random, rounds, shiftNs) => {
  const weather = hostSeries(random, rounds, busyHost)
  const own = (common: number) => common + gaussian(random) * (1_000 + 0.02 * Math.abs(common))
  return {
    a: weather.map((common) => baseNs + own(common)),
    b: weather.map((common) => baseNs + own(common) + shiftNs),
  }
}

/** The case that shuffling cannot help: all of the slow noise belongs to one path or the other. */
export const noiseOfItsOwn: Design = ownNoise(busyHost)

/** The same with slower noise. */
export const slowerNoiseOfItsOwn: Design = ownNoise({ ...busyHost, correlation: 0.9 })

/** Slow drift of each path hidden under as much fast noise: hardest to see between neighbours. */
export const hiddenDrift: Design = (random, rounds, shiftNs) => {
  const { a, b } = slowerNoiseOfItsOwn(random, rounds, shiftNs)
  const blur = (values: readonly number[]) => values.map((value) => value + busyHost.sdNs * gaussian(random))
  return { a: blur(a), b: blur(b) }
}

function ownNoise(noise: HostNoise): Design {
  return (random, rounds, shiftNs) => ({
    a: hostSeries(random, rounds, noise).map((value) => baseNs + value),
    b: hostSeries(random, rounds, noise).map((value) => baseNs + value + shiftNs),
  })
}

/** Separate runs: a build moves all its rounds by 5 µs (standard deviation), on top of the weather inside it. */
export function separateBuilds(random: Random, builds: number, rounds: number, shiftNs: number): number[][] {
  return Array.from({ length: builds }, () => {
    const ofBuild = baseNs + 5_000 * gaussian(random) + shiftNs
    return shuffledRequestContrast(random, rounds).map((noise) => ofBuild + noise)
  })
}

/** One run with several builds, the difference of whose paths moves by 5 µs from build to build. */
export function nestedBuilds(random: Random, builds: number, rounds: number, shiftNs: number) {
  const made = Array.from({ length: builds }, () =>
    shuffledRequests(random, rounds, shiftNs + 5_000 * gaussian(random)),
  )
  return { a: made.map((build) => build.a), b: made.map((build) => build.b) }
}

function shuffledRequestContrast(random: Random, rounds: number): number[] {
  const { a, b } = shuffledRequests(random, rounds, 0)
  return b.map((value, round) => value - (a[round] ?? 0))
}

/** Noise of path B alone over the rounds of a run, in units of the fast noise (standard deviation 1). */
type OwnNoise = (random: Random, rounds: number) => number[]

const fastNs = 10_000

/** A quiet host, on which only path B has noise of its own; its fast part has a standard deviation of 10 µs. */
function onQuietHost(noise: OwnNoise): Design {
  return (random, rounds, shiftNs) => {
    const own = noise(random, rounds)
    return { a: own.map(() => baseNs), b: own.map((value) => baseNs + shiftNs + fastNs * value) }
  }
}

/** First-order autoregressive, in its steady state; white at 0. */
export function autoregressive(correlation: number): Design {
  const smooth = { sdNs: 1, correlation, burstChance: 0, burstSlots: 1, burstNs: 0 }
  return onQuietHost((random, rounds) => hostSeries(random, rounds, smooth))
}

/** Student's t with two degrees of freedom: no variance at all. */
export const heavyTails: Design = onQuietHost((random, rounds) =>
  Array.from({ length: rounds }, () => gaussian(random) / Math.sqrt(-Math.log(1 - random()))),
)

/** A random walk from zero, with steps of this size, under fast noise. */
export function randomWalk(step: number): Design {
  return onQuietHost((random, rounds) => {
    let level = 0
    return Array.from({ length: rounds }, () => (level += step * gaussian(random)) + gaussian(random))
  })
}

/** A sine with this many periods in a run, anywhere in its period, of the same power as the fast noise over it. */
export function slowSine(periods: number): Design {
  return onQuietHost((random, rounds) => {
    const phase = 2 * Math.PI * random()
    const at = (round: number) => Math.SQRT2 * Math.sin(phase + (2 * Math.PI * periods * round) / rounds)
    return Array.from({ length: rounds }, (_, round) => at(round) + gaussian(random))
  })
}

/** Somewhere between a tenth and nine tenths of the run path B gets slower by this much, and stays so. */
export function stepInMidRun(size: number): Design {
  return onQuietHost((random, rounds) => {
    const from = Math.floor(rounds * (0.1 + 0.8 * random()))
    return Array.from({ length: rounds }, (_, round) => (round >= from ? size : 0) + gaussian(random))
  })
}
