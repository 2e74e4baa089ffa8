import { z } from 'zod'
import { ResultError } from '../../errors.ts'

/** Where fortio writes a few kilobytes, this leaves room for any resolution. */
const maxLength = 32 << 20
const maxBuckets = 200_000

const seconds = z.number().nonnegative()
const count = z.number().int().nonnegative()

/** The part of fortio's result that says something about latency; fields that newer versions add are ignored. */
const fortioResult = z.object({
  RunType: z.string(),
  Labels: z.string().default(''),
  StartTime: z.string(),
  RequestedQPS: z.string(),
  ActualQPS: z.number().nonnegative(),
  ActualDuration: z.number().nonnegative(),
  NumThreads: count,
  Version: z.string().default(''),
  DurationHistogram: z.object({
    Count: count,
    Min: seconds,
    Max: seconds,
    Avg: seconds,
    StdDev: seconds,
    Data: z
      .array(z.object({ Start: seconds, End: seconds, Count: count }))
      .max(maxBuckets)
      .nullable(),
    Percentiles: z.array(z.object({ Percentile: z.number(), Value: seconds })).optional(),
  }),
  RetCodes: z.record(z.string(), count).optional(),
})

/**
 * What another tool measured: a distribution, not rounds, so it can be shown beside a run but never be given a
 * verdict against one.
 */
export interface ImportedResult {
  /** e.g. `fortio 1.75.3`. */
  readonly tool: string
  readonly label: string
  readonly startedAt: string
  /** As the tool names it: `HTTP`, `TCP`, `GRPC`. */
  readonly protocol: string
  readonly connections: number
  /** Null when the tool sent as fast as it could. */
  readonly requestedQps: number | null
  readonly actualQps: number
  readonly durationMs: number
  readonly requests: number
  /** Requests without a status 200 (or, without HTTP, `OK`/`SERVING`). */
  readonly failed: number
  readonly minNs: number
  readonly maxNs: number
  readonly meanNs: number
  readonly stdDevNs: number
  /** As the tool computed them, rising. */
  readonly percentiles: readonly { readonly percentile: number; readonly valueNs: number }[]
  /** In rising order, without empty ones; values lie in (fromNs, toNs]. */
  readonly buckets: readonly { readonly fromNs: number; readonly toNs: number; readonly count: number }[]
  /** Width of the bucket that holds the median: differences below it cannot be seen. */
  readonly resolutionNs: number
}

/**
 * Reads a result of `fortio load -json`.
 * @throws ResultError when the text is none, or its counts and buckets contradict each other.
 */
export function importFortio(text: string, source = 'fortio result'): ImportedResult {
  if (text.length > maxLength) throw new ResultError(`${source} is larger than any result of fortio`)
  const result = parse(text, source)
  const histogram = result.DurationHistogram
  const buckets = (histogram.Data ?? [])
    .filter((bucket) => bucket.Count > 0)
    .map(({ Start, End, Count }) => ({ fromNs: toNs(Start), toNs: toNs(End), count: Count }))
  checkBuckets(buckets, histogram.Count, source)
  const okCodes = new Set(['200', 'OK', 'SERVING'])
  const failed = Object.entries(result.RetCodes ?? {})
    .filter(([code]) => !okCodes.has(code))
    .reduce((sum, [, number]) => sum + number, 0)
  const requestedQps = Number(result.RequestedQPS)
  return {
    tool: /^\d/.test(result.Version) ? `fortio ${result.Version}` : result.Version || 'fortio',
    label: result.Labels,
    startedAt: result.StartTime,
    protocol: result.RunType,
    connections: result.NumThreads,
    requestedQps: Number.isFinite(requestedQps) && requestedQps > 0 ? requestedQps : null,
    actualQps: result.ActualQPS,
    durationMs: result.ActualDuration / 1e6,
    requests: histogram.Count,
    failed,
    minNs: toNs(histogram.Min),
    maxNs: toNs(histogram.Max),
    meanNs: toNs(histogram.Avg),
    stdDevNs: toNs(histogram.StdDev),
    percentiles: (histogram.Percentiles ?? [])
      .map(({ Percentile, Value }) => ({ percentile: Percentile, valueNs: toNs(Value) }))
      .toSorted((a, b) => a.percentile - b.percentile),
    buckets,
    resolutionNs: medianBucketWidth(buckets, histogram.Count),
  }
}

function parse(text: string, source: string): z.infer<typeof fortioResult> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ResultError(`${source}: not JSON`, { cause: error })
  }
  const parsed = fortioResult.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new ResultError(
    `${source}: not a fortio result: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    {
      cause: parsed.error,
      hint: 'fortio load -json result.json URL writes one.',
    },
  )
}

function checkBuckets(buckets: ImportedResult['buckets'], requests: number, source: string): void {
  let counted = 0
  let reached = 0
  for (const { fromNs, toNs: end, count: own } of buckets) {
    if (end < fromNs || fromNs < reached) throw new ResultError(`${source}: buckets are not in rising order`)
    reached = end
    counted += own
  }
  if (counted !== requests) {
    throw new ResultError(`${source}: buckets hold ${counted} requests, the result says ${requests}`)
  }
}

function medianBucketWidth(buckets: ImportedResult['buckets'], requests: number): number {
  let below = 0
  for (const { fromNs, toNs: end, count: own } of buckets) {
    below += own
    if (below * 2 >= requests) return end - fromNs
  }
  return 0
}

/** Rounded to the tenth: fortio's decimal bounds are binary fractions. */
function toNs(value: number): number {
  return Math.round(value * 1e10) / 10
}
