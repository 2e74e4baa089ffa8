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

/** The same with slower noise than the dependence guard was tuned on. */
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
