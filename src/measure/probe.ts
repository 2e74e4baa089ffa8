import type { DriverLoad } from '../agent/drivers/drivers.ts'
import { profileOf } from '../load/profiles.ts'
import { sumOutcomes, type Outcomes } from '../results/outcomes.ts'
import type { QuantilesNs } from '../results/schema.ts'
import { comparePairs, type Pair } from '../stats/compare-pairs.ts'
import type { Comparison } from '../stats/comparison.ts'
import { decideFamily } from '../stats/decide-family.ts'
import { failedText, withErrorShares } from '../analysis/error-share.ts'
import type { AskedMargin } from '../analysis/asked-margin.ts'
import {
  summaryQuantileNames,
  summaryQuantiles,
  type SummaryQuantile,
} from '../analysis/summary-quantiles.ts'
import { summarizeLatency, type Estimate } from '../stats/summarize-series.ts'
import { seriesNamed } from '../analysis/metrics.ts'
import { interleave, type InterleavedRound } from './interleave.ts'
import { probeTargets, type ProbeTarget } from './probe-target.ts'

type Quantiles = Readonly<Record<SummaryQuantile, Estimate>>

/** One endpoint of a probe; times in ns. `sent = requests + bad + errors + lost`. */
export interface ProbedEndpoint {
  /** As given, or the URL. */
  readonly name: string
  readonly url: string
  readonly sent: number
  /** Requests with a right answer. */
  readonly requests: number
  /** Requests with a wrong answer, such as status 503. */
  readonly bad: number
  /** Requests without a connection or without an answer in time. */
  readonly errors: number
  /** Requests whose connection ended before the answer was complete. */
  readonly lost: number
  readonly reconnects: number
  /** The first thing that went wrong. */
  readonly firstError?: string | undefined
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
  /** What a reader must know before quoting a number. */
  readonly remarks: readonly string[]
}

export interface ProbeOptions {
  /** `http://…` or `NAME=http://…`. */
  readonly endpoints: readonly string[]
  readonly load: DriverLoad
  readonly rounds: number
  readonly roundMs: number
  readonly warmupMs: number
  readonly seed: number
  readonly margin: AskedMargin
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly onRound?: ((done: number, total: number) => void) | undefined
}

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
    labels: new Map(
      targets.map(({ name, url, target }) => [target.path, name === url ? url : `${name} (${url})`]),
    ),
  })
  const roundsOf = ({ target }: ProbeTarget) => found.get(target.path) ?? []
  const closing = targets.filter((target) => answersOnlyFirst(roundsOf(target)))
  const { probed, connectsEachTime } = profileOf(load.profile)
  const metrics = [...probed, ...(closing.length > 0 ? [firstRequest] : [])]
  const endpoints = targets.map((target) => endpoint(target, roundsOf(target), metrics))
  const [first, ...others] = targets
  // A family is one metric at one quantile: the tail must not cost the median its power.
  const differences = metrics.flatMap((metric, place) =>
    summaryQuantileNames.flatMap((quantile) => {
      const valueOf = (round: InterleavedRound) => metricOf(round, place, metric)?.[quantile]
      // Where one keeps connections and the other does not there is nothing to compare; a remark says so.
      const alike = others.filter((other) =>
        [first!, other].every((t) => connectsEachTime || closing.includes(t) === (metric === firstRequest)),
      )
      const compared = alike.map((other) =>
        withErrorShares(
          compareRounds(roundsOf(first!), roundsOf(other), valueOf, { quantile, margin: options.margin }),
          [first!, other].map((t) => ({ name: t.name, outcomes: outcomesOfRounds(roundsOf(t)) })),
        ),
      )
      return decideFamily(compared).map((comparison, i) => {
        const { name, url } = alike[i]!
        return { name, url, metric, quantile, comparison }
      })
    }),
  )
  return {
    rounds: options.rounds,
    roundMs: options.roundMs,
    seed: options.seed,
    profile: load.profile,
    busyPoll: 'busyPoll' in load && load.busyPoll === true,
    metrics,
    endpoints,
    differences,
    remarks: [
      ...endpoints.flatMap(failureRemark),
      ...targets.flatMap((target) => shortRemark(target, roundsOf(target), options.roundMs)),
      ...closing.map((t) => closingRemark(t, closing.length < targets.length)),
    ],
  }
}

/** Requests that are the first of their connection, from the write on: what a server that always closes leaves. */
const firstRequest = 'firstRequest'

/** True when no connection carried a second answer. */
function answersOnlyFirst(rounds: readonly InterleavedRound[]): boolean {
  return (
    rounds.every((round) => round.quantilesNs === null) &&
    rounds.some((round) => round.coldQuantilesNs !== null && round.sample.reconnects > 0)
  )
}

function failureRemark({ name, firstError, ...outcomes }: ProbedEndpoint): string[] {
  const all = { ...outcomes, received: outcomes.requests }
  if (all.sent === all.received) return []
  const { bad, errors, lost } = all
  const kinds = [
    [bad, 'with a wrong answer'],
    [errors, 'without a connection or an answer in time'],
    [lost, 'with a connection that ended first'],
  ] as const
  const parts = kinds.flatMap(([n, what]) => (n === 0 ? [] : [`${n} ${what}`])).join(', ')
  return [`${name}: ${failedText(all)}: ${parts}; first: ${firstError ?? 'the server closed the connection'}`]
}

function shortRemark({ name }: ProbeTarget, rounds: readonly InterleavedRound[], roundMs: number): string[] {
  if (answersOnlyFirst(rounds) || rounds.some((round) => round.quantilesNs !== null)) return []
  return [
    `${name} has no second answer on a connection in any round: ${roundMs} ms are too short for it. Use a longer --duration.`,
  ]
}

function closingRemark({ name }: ProbeTarget, isAlone: boolean): string {
  const what = isAlone
    ? 'it cannot be compared with one that keeps them'
    : 'what is compared are first requests'
  return (
    `${name} ends the connection after each answer, so there is no request on an open one: ${what}. ` +
    `--profile connect reads both alike, connecting included.`
  )
}

/** The first metric is that of open connections; the others are the profile's further histograms. */
function metricOf(round: InterleavedRound, place: number, metric: string): QuantilesNs | null | undefined {
  if (metric === firstRequest) return round.coldQuantilesNs
  return place === 0 ? round.quantilesNs : round.extraQuantilesNs[seriesNamed(metric)]
}

function outcomesOfRounds(rounds: readonly InterleavedRound[]): Outcomes {
  return sumOutcomes(rounds.map(({ sample }) => sample))
}

function endpoint(
  { name, url }: ProbeTarget,
  rounds: readonly InterleavedRound[],
  metrics: readonly string[],
): ProbedEndpoint {
  const requestsPerRound = rounds.map((round) => round.sample.received)
  const quantiles = (place: number): Quantiles => {
    const estimate = (quantile: SummaryQuantile) =>
      summarizeLatency(
        [[rounds.flatMap((round) => metricOf(round, place, metrics[place] ?? '')?.[quantile] ?? [])]],
        { quantile: summaryQuantiles[quantile], requestsPerRound },
      )
    return { p50: estimate('p50'), p90: estimate('p90'), p99: estimate('p99') }
  }
  const { received, ...outcomes } = outcomesOfRounds(rounds)
  const firstError = rounds.find(({ sample }) => sample.firstError !== undefined)?.sample.firstError
  return {
    name,
    url,
    ...outcomes,
    requests: received,
    reconnects: rounds.reduce((total, round) => total + round.sample.reconnects, 0),
    ...(firstError === undefined ? {} : { firstError }),
    quantiles: quantiles(0),
    extraQuantiles: Object.fromEntries(metrics.slice(1).map((metric, i) => [metric, quantiles(i + 1)])),
  }
}

function compareRounds(
  a: readonly InterleavedRound[],
  b: readonly InterleavedRound[],
  valueOf: (round: InterleavedRound) => number | undefined,
  { quantile, margin }: { quantile: SummaryQuantile; margin: AskedMargin },
): Comparison {
  const pairs = a.flatMap((round, i): Pair[] => {
    const [first, second] = [valueOf(round), b[i] && valueOf(b[i])]
    return first === undefined || second === undefined ? [] : [[first, second]]
  })
  const compared = comparePairs([[pairs]], {
    ...margin,
    quantile: summaryQuantiles[quantile],
    requestsPerRound: b.map((round) => round.sample.received),
  })
  // More rounds without a value would not help; a remark says what would.
  return pairs.length > 0 ? compared : { ...compared, refused: true, warnings: [] }
}
