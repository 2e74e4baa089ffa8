import type { DriverLoad } from '../agent/protocol.ts'
import type { QuantilesNs } from '../results/schema.ts'
import { comparePairs, type Pair } from '../stats/compare-pairs.ts'
import type { Comparison } from '../stats/comparison.ts'
import { decideFamily } from '../stats/decide-family.ts'
import { summaryQuantiles, type SummaryOptions, type SummaryQuantile } from '../stats/summarize-run.ts'
import { summarizeLatency, type Estimate } from '../stats/summarize-series.ts'
import { interleave, type InterleavedRound } from './interleave.ts'
import { probeTargets, type ProbeTarget } from './probe-target.ts'

type Quantiles = Readonly<Record<SummaryQuantile, Estimate>>

/** One endpoint of a probe; times in ns. */
export interface ProbedEndpoint {
  /** As given, or the URL. */
  readonly name: string
  readonly url: string
  readonly requests: number
  readonly errors: number
  readonly reconnects: number
  /** Of the profile's first metric: requests on open connections; of `connect`, whole requests. */
  readonly quantiles: Quantiles
  /** The same for each of `metrics` but the first. */
  readonly extraQuantiles: Readonly<Record<string, Quantiles>>
}

/** An endpoint against the first one, in one metric at one quantile. */
export interface ProbeDifference {
  readonly name: string
  readonly url: string
  readonly metric: string
  readonly quantile: SummaryQuantile
  readonly comparison: Comparison
}

export interface ProbeResult {
  readonly rounds: number
  readonly roundMs: number
  readonly seed: number
  readonly profile: DriverLoad['profile']
  /** Whether the generator polled instead of sleeping. */
  readonly busyPoll: boolean
  /** What was read, e.g. `service` and `response` of `open`. */
  readonly metrics: readonly string[]
  readonly endpoints: readonly ProbedEndpoint[]
  readonly differences: readonly ProbeDifference[]
}

export interface ProbeOptions {
  /** `http://…` or `NAME=http://…`. */
  readonly endpoints: readonly string[]
  readonly load: DriverLoad
  readonly rounds: number
  readonly roundMs: number
  readonly warmupMs: number
  readonly seed: number
  readonly margin: SummaryOptions
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly onRound?: ((done: number, total: number) => void) | undefined
}

/** What users ask of a profile, the histogram of open connections first. */
const metricsOf: Readonly<Record<DriverLoad['profile'], readonly string[]>> = {
  pingpong: ['request'],
  closed: ['request'],
  open: ['service', 'response'],
  connect: ['request', 'connect', 'firstByte'],
}

const quantileNames = Object.keys(summaryQuantiles) as SummaryQuantile[]

/**
 * Measures any endpoints with the instrument of `run`, interleaved request by request, and compares each with the
 * first. @throws UsageError for a URL that it cannot dial; HopmeterError when an endpoint does not answer.
 */
export async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const { load } = options
  const targets = probeTargets(options.endpoints)
  const found = await interleave({
    ...options,
    targets: targets.map(({ target }) => target),
    check: 'status',
  })
  const roundsOf = ({ target }: ProbeTarget) => found.get(target.path) ?? []
  const metrics = metricsOf[load.profile]
  const [first, ...others] = targets
  // A family is one metric at one quantile: the tail must not cost the median its power.
  const differences = metrics.flatMap((metric, place) =>
    quantileNames.flatMap((quantile) => {
      const valueOf = (round: InterleavedRound) => metricOf(round, place, metric)?.[quantile]
      const base = first ? roundsOf(first) : []
      const compared = others.map((other) =>
        compareRounds(base, roundsOf(other), valueOf, { quantile, margin: options.margin }),
      )
      return decideFamily(compared).map((comparison, i) => {
        const { name, url } = others[i]!
        return { name, url, metric, quantile, comparison }
      })
    }),
  )
  return {
    rounds: options.rounds,
    roundMs: options.roundMs,
    seed: options.seed,
    profile: load.profile,
    busyPoll: load.profile === 'pingpong' && load.busyPoll === true,
    metrics,
    endpoints: targets.map((target) => endpoint(target, roundsOf(target), metrics)),
    differences,
  }
}

/** The first metric is that of open connections; the others are the profile's further histograms. */
function metricOf(round: InterleavedRound, place: number, metric: string): QuantilesNs | null | undefined {
  return place === 0 ? round.quantilesNs : round.extraQuantilesNs[metric]
}

function endpoint(
  { name, url }: ProbeTarget,
  rounds: readonly InterleavedRound[],
  metrics: readonly string[],
): ProbedEndpoint {
  const sum = (count: (round: InterleavedRound) => number) =>
    rounds.reduce((total, round) => total + count(round), 0)
  const requestsPerRound = rounds.map((round) => round.sample.received)
  const quantiles = (place: number): Quantiles => {
    const estimate = (quantile: SummaryQuantile) =>
      summarizeLatency(
        [[rounds.flatMap((round) => metricOf(round, place, metrics[place] ?? '')?.[quantile] ?? [])]],
        { quantile: summaryQuantiles[quantile], requestsPerRound },
      )
    return { p50: estimate('p50'), p90: estimate('p90'), p99: estimate('p99') }
  }
  return {
    name,
    url,
    requests: sum((round) => round.sample.received),
    errors: sum((round) => round.sample.errors + round.sample.lost + round.sample.bad),
    reconnects: sum((round) => round.sample.reconnects),
    quantiles: quantiles(0),
    extraQuantiles: Object.fromEntries(metrics.slice(1).map((metric, i) => [metric, quantiles(i + 1)])),
  }
}

function compareRounds(
  a: readonly InterleavedRound[],
  b: readonly InterleavedRound[],
  valueOf: (round: InterleavedRound) => number | undefined,
  { quantile, margin }: { quantile: SummaryQuantile; margin: SummaryOptions },
): Comparison {
  const pairs = a.flatMap((round, i): Pair[] => {
    const [first, second] = [valueOf(round), b[i] && valueOf(b[i])]
    return first === undefined || second === undefined ? [] : [[first, second]]
  })
  return comparePairs([[pairs]], {
    ...margin,
    quantile: summaryQuantiles[quantile],
    requestsPerRound: b.map((round) => round.sample.received),
  })
}
