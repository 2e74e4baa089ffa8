import type { JsHistogram } from 'hdr-histogram-js'
import { ResultError } from '../../errors.ts'
import { plural } from '../../plural.ts'
import { decodeHistogram, histogramBuckets, type HistogramBucket } from '../../results/histogram.ts'
import { failedOf, sumOutcomes } from '../../results/outcomes.ts'
import type { RunResult } from '../../results/schema.ts'

/** Which rounds an export is made of: those without flags, or all. */
export type RoundChoice = 'valid' | 'all'

/** One path under one load. */
export interface PathLoad {
  readonly path: string
  readonly load: string
}

/** All latencies of one path under one load, in rising order of buckets. */
export interface Distribution extends PathLoad {
  readonly histogram: JsHistogram
  readonly buckets: readonly HistogramBucket[]
  readonly count: number
  readonly meanNs: number
  readonly stdDevNs: number
}

/**
 * Merged latencies of a path and load. Mean and standard deviation are those of bucket middles; an empty
 * distribution has zeros.
 * @throws ResultError when the run has no such path and load, or its histogram is damaged.
 */
export function distributionOf(
  result: RunResult,
  { path, load }: PathLoad,
  rounds: RoundChoice,
): Distribution {
  const entry = result.histograms.find((h) => h.path === path && h.load === load)
  if (!entry) {
    const known = result.histograms.map((h) => `${h.path} under ${h.load}`).join(', ') || 'none'
    throw new ResultError(`the run has no path "${path}" under load "${load}"; it has: ${known}`)
  }
  const histogram = decodeHistogram(rounds === 'valid' ? entry.warmValid : entry.warm)
  const buckets = [...histogramBuckets(histogram)]
  const count = sum(buckets, () => 1)
  const meanNs = count === 0 ? 0 : sum(buckets, middle) / count
  const variance = count === 0 ? 0 : sum(buckets, (b) => (middle(b) - meanNs) ** 2) / count
  return { path, load, histogram, buckets, count, meanNs, stdDevNs: Math.sqrt(variance) }
}

const middle = (bucket: HistogramBucket) => (bucket.lowNs + bucket.highNs) / 2

function sum(buckets: readonly HistogramBucket[], value: (bucket: HistogramBucket) => number): number {
  return buckets.reduce((total, bucket) => total + value(bucket) * bucket.count, 0)
}

/**
 * e.g. `2 of 40 rounds are flagged and left out`, for formats that have room for a remark; with the requests that failed
 * in the rounds that count, since a distribution holds only those that did not.
 */
export function roundsRemark(result: RunResult, rounds: RoundChoice): string {
  const { failed, sent } = failures(result, rounds)
  const remark = flaggedRemark(result, rounds)
  return failed === 0
    ? remark
    : `${remark}; ${failed} of ${plural(sent, 'request')} failed and have no latency`
}

function failures(result: RunResult, rounds: RoundChoice): { failed: number; sent: number } {
  const outcomes = sumOutcomes(usedRounds(result, rounds).flatMap((round) => round.paths))
  return { failed: failedOf(outcomes), sent: outcomes.sent }
}

/** The rounds that an export is made of. */
export function usedRounds(result: RunResult, rounds: RoundChoice): RunResult['measured'] {
  return result.measured.filter((round) => rounds === 'all' || round.flags.length === 0)
}

function flaggedRemark(result: RunResult, rounds: RoundChoice): string {
  const flagged = result.measured.filter((round) => round.flags.length > 0).length
  const total = result.measured.length
  if (flagged === 0) return total === 1 ? 'the round is valid' : `all ${total} rounds are valid`
  return `${flagged} of ${plural(total, 'round')} ${flagged === 1 ? 'is' : 'are'} flagged and ${rounds === 'valid' ? 'left out' : 'included'}`
}
