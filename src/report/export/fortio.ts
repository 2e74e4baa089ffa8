import { plural } from '../../plural.ts'
import { enginesOf } from '../../results/build-traits.ts'
import { quantilesOf } from '../../results/histogram.ts'
import { failedOf, sumOutcomes } from '../../results/outcomes.ts'
import type { RunResult } from '../../results/schema.ts'
import { variantEngine } from '../../results/variants.ts'
import {
  distributionOf,
  roundsRemark,
  usedRounds,
  type Distribution,
  type PathLoad,
  type RoundChoice,
} from './distribution.ts'

const percentiles = [50, 75, 90, 99, 99.9] as const

/**
 * Fortio's result JSON (fortio `fhttp.HTTPRunnerResults`) of one path under one load: times in seconds, a bucket for
 * each HDR bucket, which is a hundred times finer than fortio's own. `ActualDuration` is the time of all rounds used,
 * in which other paths had their turns too, so `ActualQPS` is no throughput.
 *
 * It adds up as fortio's page adds: `RetCodes` and the buckets of `DurationHistogram` both make its `Count`, of which
 * `ErrorsDurationHistogram` would be a part. Requests that failed have no latency here, so they are not in any of them:
 * the label says how many there were, and so does `Hopmeter`, which fortio ignores.
 * @throws ResultError when the run has no such path and load.
 */
export function toFortio(result: RunResult, selection: PathLoad, rounds: RoundChoice = 'valid'): string {
  const latency = distributionOf(result, selection, rounds)
  const used = usedRounds(result, rounds)
  const durationMs = used.reduce((sum, round) => sum + round.durationMs, 0)
  const outcomes = sumOutcomes(
    used.flatMap((round) =>
      round.paths.filter((p) => p.path === selection.path && p.load === selection.load),
    ),
  )
  const failed = failedOf(outcomes)
  const load = result.loads.find((one) => one.id === selection.load) ?? {}
  const engine = engineOf(result, selection.path)
  const labels = [result.scenario.name, selection.path, selection.load, engine]
  const isTcp = field(load, 'protocol') === 'tcp'
  const failedLabel = failed === 0 ? '' : ` (${failed} of ${outcomes.sent} requests failed, without a time)`
  const value = {
    RunType: isTcp ? 'TCP' : 'HTTP',
    Labels: labels.filter((label) => label !== undefined).join(' ') + failedLabel,
    StartTime: result.startedAt,
    RequestedQPS: String(field(load, 'ratePerSecond') ?? 'max'),
    RequestedDuration: `${plural(used.length, 'round')} of ${result.rounds.durationMs}ms (${roundsRemark(result, rounds)})`,
    ActualQPS: durationMs === 0 ? 0 : latency.count / (durationMs / 1000),
    ActualDuration: Math.round(durationMs * 1e6),
    NumThreads: Number(field(load, 'connections') ?? 1),
    Version: `hopmeter ${result.hopmeterVersion}`,
    DurationHistogram: histogramData(latency),
    ErrorsDurationHistogram: { Count: 0, Min: 0, Max: 0, Sum: 0, Avg: 0, StdDev: 0, Data: null },
    Exactly: 0,
    RetCodes: latency.count === 0 ? {} : { [isTcp ? 'OK' : 200]: latency.count },
    // What fortio's page puts in its title in place of a URL.
    Destination: selection.path,
    Hopmeter: { Sent: outcomes.sent, Failed: failed },
  }
  return `${JSON.stringify(value, null, 2)}\n`
}

/** What forwarded the bytes of this path. */
function engineOf(result: RunResult, name: string): string | undefined {
  const variant = result.paths.find((path) => path.name === name)?.variant
  return variant === undefined ? enginesOf(result) : variantEngine(result, variant)
}

/** Loads have fields of their own profile beside `id` and `profile`. */
function field(load: Readonly<Record<string, unknown>>, key: string): string | number | undefined {
  const value = load[key]
  return typeof value === 'string' || typeof value === 'number' ? value : undefined
}

/** fortio `stats.HistogramData`: buckets from `Start` to `End` with the cumulative percentage at `End`. */
function histogramData({ histogram, buckets, count, meanNs, stdDevNs }: Distribution): object {
  const stats = {
    Count: count,
    Min: toSeconds(buckets[0]?.lowNs ?? 0),
    Max: toSeconds(buckets.at(-1)?.highNs ?? 0),
    Sum: toSeconds(meanNs * count),
    Avg: toSeconds(meanNs),
    StdDev: toSeconds(stdDevNs),
  }
  if (count === 0) return { ...stats, Data: null }
  let below = 0
  const data = buckets.map(({ lowNs, highNs, count: own }) => {
    below += own
    return { Start: toSeconds(lowNs), End: toSeconds(highNs), Percent: (100 * below) / count, Count: own }
  })
  const values = quantilesOf(
    histogram,
    percentiles.map((p) => p / 100),
  )
  const Percentiles = percentiles.map((p, i) => ({ Percentile: p, Value: toSeconds(values[i]!) }))
  return { ...stats, Data: data, Percentiles }
}

/** To the tenth of a ns, without the noise of binary fractions. */
function toSeconds(ns: number): number {
  return Number((ns / 1e9).toFixed(10))
}
