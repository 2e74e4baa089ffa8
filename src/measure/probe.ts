import type { DriverLoad, Target } from '../agent/protocol.ts'
import { UsageError } from '../errors.ts'
import { comparePaired } from '../stats/compare-paired.ts'
import type { Comparison } from '../stats/comparison.ts'
import { decideFamily, type FamilyMember } from '../stats/decide-family.ts'
import { summaryQuantiles, type SummaryQuantile } from '../stats/summarize-run.ts'
import { summarizeRounds, type Estimate } from '../stats/summarize-rounds.ts'
import { interleave, type InterleavedRound } from './interleave.ts'

export type ProbeProtocol = 'http1' | 'http2' | 'tcp'

/** One endpoint of a probe; times in ns. */
export interface ProbedEndpoint {
  readonly url: string
  readonly requests: number
  readonly errors: number
  readonly reconnects: number
  readonly quantiles: Readonly<Record<SummaryQuantile, Estimate>>
}

/** An endpoint against the first one, at one quantile. */
export interface ProbeDifference {
  readonly url: string
  readonly quantile: SummaryQuantile
  readonly comparison: FamilyMember<Comparison>
}

export interface ProbeResult {
  readonly rounds: number
  readonly roundMs: number
  readonly seed: number
  readonly profile: DriverLoad['profile']
  readonly endpoints: readonly ProbedEndpoint[]
  readonly differences: readonly ProbeDifference[]
}

export interface ProbeOptions {
  readonly urls: readonly string[]
  readonly load: DriverLoad
  readonly rounds: number
  readonly roundMs: number
  readonly warmupMs: number
  readonly seed: number
  readonly deltaNs: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly onRound?: ((done: number, total: number) => void) | undefined
}

/**
 * Measures any endpoints with the instrument of `run`, interleaved request by request, and compares each with the
 * first. @throws UsageError for a URL that it cannot dial; HopmeterError when an endpoint does not answer.
 */
export async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const targets = options.urls.map(probeTarget)
  const found = await interleave({ ...options, targets, check: 'status' })
  const rounds = targets.map((target) => found.get(target.path) ?? [])
  const quantiles = Object.keys(summaryQuantiles) as SummaryQuantile[]
  const differences = rounds.slice(1).flatMap((own, i) =>
    quantiles.map((quantile) => ({
      url: options.urls[i + 1] ?? '',
      quantile,
      comparison: compareEndpoints(rounds[0] ?? [], own, quantile, options.deltaNs),
    })),
  )
  const decided = decideFamily(differences.map((d) => d.comparison))
  return {
    rounds: options.rounds,
    roundMs: options.roundMs,
    seed: options.seed,
    profile: options.load.profile,
    endpoints: rounds.map((own, i) => endpoint(options.urls[i] ?? '', own)),
    differences: differences.map((d, i) => ({ ...d, comparison: decided[i]! })),
  }
}

/** Targets are told apart by their place, so that one URL given twice is an A/A test. */
function probeTarget(url: string, index: number): Target {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch (cause) {
    throw new UsageError(`"${url}" is no URL`, {
      cause,
      hint: 'write it whole, such as http://127.0.0.1:8080/',
    })
  }
  if (parsed.protocol === 'https:') {
    throw new UsageError(`cannot probe ${url}: TLS of one's own is not measured`, {
      hint: 'probe the plain port',
    })
  }
  if (parsed.protocol !== 'http:') throw new UsageError(`cannot probe ${url}: only http:// URLs`, {})
  return {
    path: `endpoint-${index + 1}`,
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 80 : Number(parsed.port),
    httpPath: `${parsed.pathname}${parsed.search}`,
    authority: parsed.host,
  }
}

function endpoint(url: string, rounds: readonly InterleavedRound[]): ProbedEndpoint {
  const sum = (count: (round: InterleavedRound) => number) =>
    rounds.reduce((total, round) => total + count(round), 0)
  const requestsPerRound = rounds.map((round) => round.sample.received)
  const estimate = (name: SummaryQuantile) =>
    summarizeRounds(
      rounds.flatMap((round) => round.quantilesNs?.[name] ?? []),
      { quantile: summaryQuantiles[name], requestsPerRound },
    )
  return {
    url,
    requests: sum((round) => round.sample.received),
    errors: sum((round) => round.sample.errors + round.sample.lost + round.sample.bad),
    reconnects: sum((round) => round.sample.reconnects),
    quantiles: { p50: estimate('p50'), p90: estimate('p90'), p99: estimate('p99') },
  }
}

function compareEndpoints(
  a: readonly InterleavedRound[],
  b: readonly InterleavedRound[],
  quantile: SummaryQuantile,
  deltaNs: number,
): Comparison {
  const pairs = a.flatMap((round, i) => {
    const [first, second] = [round.quantilesNs?.[quantile], b[i]?.quantilesNs?.[quantile]]
    return first === undefined || second === undefined ? [] : [[first, second] as const]
  })
  return comparePaired(
    pairs.map(([value]) => value),
    pairs.map(([, value]) => value),
    {
      deltaNs,
      quantile: summaryQuantiles[quantile],
      requestsPerRound: b.map((round) => round.sample.received),
    },
  )
}
