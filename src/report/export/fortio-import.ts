import { z } from 'zod'
import { ResultError } from '../../errors.ts'
import { explainIssues } from '../../results/explain-issues.ts'

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
  /** Of those that fortio calls errors; since 1.28. */
  ErrorsDurationHistogram: z.object({ Count: count }).nullish(),
  RetCodes: z.record(z.string(), count).nullish(),
  /** What hopmeter's own export adds. */
  Hopmeter: z.object({ Failed: count }).optional(),
})

/** What fortio writes of a run that did not start, with a histogram of two made-up points beside it. */
const failedRun = z.object({
  error: z.literal(true),
  message: z.string().default(''),
  exception: z.string().default(''),
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
  /** Requests that fortio of that version calls errors; null where the file does not say. */
  readonly failed: number | null
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
  /** What the file lacks or says twice. */
  readonly remarks: readonly string[]
}

/**
 * Reads a result of `fortio load -json`.
 * @throws ResultError when the text is none, or its counts and buckets contradict each other.
 */
export function importFortio(text: string, source = 'fortio result'): ImportedResult {
  if (text.length > maxLength) throw new ResultError(`${source} is larger than any result of fortio`)
  const result = parse(text.replace(/^\ufeff/, ''), source)
  const histogram = result.DurationHistogram
  const buckets = (histogram.Data ?? [])
    .filter((bucket) => bucket.Count > 0)
    .map(({ Start, End, Count }) => ({ fromNs: toNs(Start), toNs: toNs(End), count: Count }))
  checkBuckets(buckets, histogram.Count, source)
  const { failed, remarks } = failuresOf(result)
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
    remarks: [...remarks, ...missingPercentiles(result)],
  }
}

function parse(text: string, source: string): z.infer<typeof fortioResult> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ResultError(`${source}: not JSON`, { cause: error })
  }
  const failure = failedRun.safeParse(value)
  if (failure.success) {
    const why = [failure.data.message, failure.data.exception].filter((part) => part !== '').join(': ')
    throw new ResultError(`${source}: fortio says that this run failed${why === '' ? '' : `: ${why}`}`)
  }
  const parsed = fortioResult.safeParse(value)
  if (parsed.success) return parsed.data
  throw new ResultError(`${source}: not a fortio result: ${explainIssues(parsed.error)}`, {
    hint: 'fortio load -json result.json URL writes one.',
  })
}

type FortioResult = z.infer<typeof fortioResult>

/** How many requests failed by fortio's own idea of success. */
function failuresOf(result: FortioResult): { failed: number | null; remarks: string[] } {
  const { DurationHistogram: all, ErrorsDurationHistogram: errors, RetCodes: codes, Hopmeter } = result
  if (Hopmeter) {
    const remarks = Hopmeter.Failed === 0 ? [] : ['requests that failed have no time in it']
    return { failed: Hopmeter.Failed, remarks }
  }
  const byCode = codes ? failedByCode(result, codes) : null
  // A call of a gRPC method that fails is in the codes of some versions twice (fgrpc/grpcrunner.go).
  const isGrpc = protocolOf(result) === 'grpc'
  const failed = isGrpc ? (errors?.Count ?? byCode) : (byCode ?? errors?.Count ?? null)
  const remarks = []
  if (failed === null) remarks.push('it has no return codes, so whether requests failed is not known')
  else if (failed > 0) remarks.push(`its latencies include those of ${failed} failed requests`)
  if (errors && byCode !== null && byCode !== errors.Count && !isGrpc) {
    remarks.push(`its histogram of errors holds ${errors.Count} requests, its return codes say ${byCode}`)
  }
  const coded = Object.values(codes ?? {}).reduce((sum, n) => sum + n, 0)
  if (codes && coded !== all.Count && !isGrpc) {
    remarks.push(`it has ${coded} return codes for ${all.Count} requests`)
  }
  return { failed, remarks }
}

/**
 * HTTP: 2xx and 418 since 1.7, only 200 before (fhttp `codeIsOK`); TCP and UDP: `OK`; gRPC: `SERVING`, or its number
 * before 1.1.
 */
function failedByCode(result: FortioResult, codes: Readonly<Record<string, number>>): number {
  const protocol = protocolOf(result)
  const isOk = (code: string) => {
    if (protocol === 'grpc') return code === 'SERVING' || code === 'OK' || code === '1'
    if (protocol !== 'http') return code === 'OK'
    return code === '200' || (!isBefore(result.Version, 1, 7) && (/^2\d\d$/.test(code) || code === '418'))
  }
  return Object.entries(codes)
    .filter(([code]) => !isOk(code))
    .reduce((sum, [, number]) => sum + number, 0)
}

/** `RunType` is the protocol, or for gRPC a sentence such as `GRPC Health for ''`. */
function protocolOf({ RunType }: FortioResult): 'http' | 'tcp' | 'udp' | 'grpc' {
  const word = RunType.toLowerCase()
  return word === 'http' || word === 'tcp' || word === 'udp' ? word : 'grpc'
}

function isBefore(version: string, major: number, minor: number): boolean {
  const [, ownMajor, ownMinor] = /^v?(\d+)\.(\d+)/.exec(version) ?? []
  if (ownMajor === undefined) return false
  return Number(ownMajor) < major || (Number(ownMajor) === major && Number(ownMinor) < minor)
}

function missingPercentiles({ DurationHistogram }: FortioResult): string[] {
  const has = new Set(DurationHistogram.Percentiles?.map(({ Percentile }) => Percentile))
  const missing = [50, 90, 99].filter((percentile) => !has.has(percentile))
  if (missing.length === 0 || DurationHistogram.Count === 0) return []
  return [`it lacks ${missing.map((p) => `p${p}`).join(', ')}: fortio writes what -p asks for`]
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
