import { bucketsOf, decodeHistogram, quantilesOf, type HistogramBucket } from '../../../results/histogram.ts'
import type { RoundEvent, RunResult } from '../../../results/schema.ts'
import { seededRandom } from '../../../random.ts'

/** How the latencies of one path under one load are distributed, with a pointwise 95% band where rounds allow one. */
export interface Distribution {
  readonly path: string
  readonly load: string
  /** Ascending. `ns` is the latency below which a share of `quantile` of all requests lies. */
  readonly points: readonly {
    readonly quantile: number
    readonly ns: number
    readonly lowNs?: number | undefined
    readonly highNs?: number | undefined
    /** Band of the share of requests at or below `ns`. */
    readonly lowShare?: number | undefined
    readonly highShare?: number | undefined
  }[]
}

const resamples = 200
const fewestRounds = 6
const levels = [
  ...Array.from({ length: 49 }, (_, i) => i / 50),
  0.97,
  0.98,
  0.99,
  0.995,
  0.9975,
  0.999,
  0.9995,
  0.9999,
  0.99999,
].toSorted((a, b) => a - b)

/**
 * Distributions of a run. With its rounds they get bands: rounds are drawn with replacement and merged, as requests of
 * one round are not independent of each other (a cluster bootstrap; descriptive, not a test). The seed is the run's.
 */
export async function distributionsOf(
  result: RunResult,
  rounds?: AsyncIterable<Pick<RoundEvent, 'paths'>>,
): Promise<Distribution[]> {
  const grids = result.histograms.flatMap(({ path, load, warm }) => {
    const histogram = decodeHistogram(warm)
    if (histogram.totalCount === 0) return []
    // A quantile needs ten requests beyond it to be worth drawing.
    const carried = levels.filter((q) => q === 0 || histogram.totalCount * (1 - q) >= 10)
    const ns = quantilesOf(histogram, carried)
    return [{ path, load, levels: carried, ns, shares: [] as { n: number; at: number[] }[] }]
  })
  for await (const round of rounds ?? []) {
    for (const grid of grids) {
      const own = round.paths.find((p) => p.path === grid.path && p.load === grid.load)
      if (!own || own.n === 0) continue
      grid.shares.push({ n: own.n, at: sharesAt(bucketsOf(own.warm), own.n, grid.ns) })
    }
  }
  return grids.map((grid) => ({
    path: grid.path,
    load: grid.load,
    points: banded(grid, seededRandom(result.seed)),
  }))
}

/** Share of a histogram's values at or below each of the ascending `ns`. */
function sharesAt(buckets: readonly HistogramBucket[], n: number, ns: readonly number[]): number[] {
  const shares: number[] = []
  let below = 0
  for (const bucket of buckets) {
    while (shares.length < ns.length && (ns[shares.length] ?? 0) < bucket.lowNs) shares.push(below)
    below += bucket.count / n
  }
  while (shares.length < ns.length) shares.push(1)
  return shares
}

interface Grid {
  readonly levels: readonly number[]
  readonly ns: readonly number[]
  readonly shares: readonly { readonly n: number; readonly at: readonly number[] }[]
}

function banded({ levels: quantiles, ns, shares }: Grid, random: () => number): Distribution['points'] {
  const points = quantiles.map((quantile, index) => ({ quantile, ns: ns[index] ?? 0 }))
  if (shares.length < fewestRounds) return points
  const draws = Array.from({ length: resamples }, () => {
    const picked = shares.map(() => shares[Math.floor(random() * shares.length)] ?? shares[0])
    const total = picked.reduce((sum, round) => sum + (round?.n ?? 0), 0)
    return ns.map(
      (_, i) => picked.reduce((sum, round) => sum + (round?.n ?? 0) * (round?.at[i] ?? 0), 0) / total,
    )
  })
  return points.map((point, index) => {
    const [lowShare, highShare] = middle95(draws.map((draw) => draw[index] ?? 0))
    const [lowNs, highNs] = middle95(draws.map((draw) => latencyAt(draw, ns, point.quantile)))
    return { ...point, lowShare, highShare, lowNs, highNs }
  })
}

/** The latency at which a distribution function, known at the points `ns`, reaches `quantile`. */
function latencyAt(draw: readonly number[], ns: readonly number[], quantile: number): number {
  const index = draw.findIndex((share) => share >= quantile)
  if (index === -1) return ns.at(-1) ?? 0
  if (index === 0) return ns[0] ?? 0
  const [from = 0, to = 0] = [draw[index - 1], draw[index]]
  const [low = 0, high = 0] = [ns[index - 1], ns[index]]
  return to === from ? high : low + ((quantile - from) / (to - from)) * (high - low)
}

function middle95(values: readonly number[]): [number, number] {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0
  return [at(0.025), at(0.975)]
}
