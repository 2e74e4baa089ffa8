import type { AnswerCount, PathSample } from '../agent/protocol.ts'
import { mergeHistograms } from '../results/histogram.ts'

/**
 * What several client pods saw in one turn, as if one client had recorded all of it: counts add up, and histograms
 * add up bucket by bucket, so no value is lost or moved. Paths come in the order of the first pod.
 * @param perPod samples of each pod, in the order of the pods
 */
export function mergeSamples(perPod: readonly (readonly PathSample[])[]): readonly PathSample[] {
  const [first = [], ...others] = perPod
  if (others.length === 0) return first
  const paths = [...new Set(perPod.flat().map(({ path }) => path))]
  return paths.map((path) => mergePath(perPod.flat().filter((sample) => sample.path === path)))
}

function mergePath(samples: readonly PathSample[]): PathSample {
  const [first] = samples
  if (!first) throw new RangeError('a path has at least one sample')
  const sum = (of: (sample: PathSample) => number) => samples.reduce((total, sample) => total + of(sample), 0)
  const firstError = samples.find((sample) => sample.firstError !== undefined)?.firstError
  const counters = sumCounters(samples.flatMap(({ counters: own }) => (own === undefined ? [] : [own])))
  const halves = samples.flatMap(({ halves: own }) => (own === undefined ? [] : [own]))
  return {
    path: first.path,
    // All pods get the same seed, so a path has one place in the order of the turn.
    order: first.order,
    sent: sum((sample) => sample.sent),
    received: sum((sample) => sample.received),
    bad: sum((sample) => sample.bad),
    errors: sum((sample) => sample.errors),
    lost: sum((sample) => sample.lost),
    reconnects: sum((sample) => sample.reconnects),
    bytesSent: sum((sample) => sample.bytesSent),
    bytesReceived: sum((sample) => sample.bytesReceived),
    warm: mergeHistograms(samples.map((sample) => sample.warm)),
    ...(halves.length === 0 ? {} : { halves: [mergeHalf(halves, 0), mergeHalf(halves, 1)] }),
    cold: mergeHistograms(samples.map((sample) => sample.cold)),
    extra: mergeExtra(samples),
    ...(counters === undefined ? {} : { counters }),
    answeredBy: sumAnswers(samples),
    ...(firstError === undefined ? {} : { firstError }),
  }
}

function mergeHalf(halves: readonly (readonly [string, string])[], which: 0 | 1): string {
  return mergeHistograms(halves.map((pair) => pair[which]))
}

function mergeExtra(samples: readonly PathSample[]): PathSample['extra'] {
  const names = new Set(samples.flatMap(({ extra }) => Object.keys(extra)))
  const merged = [...names].map((name) => {
    return [name, mergeHistograms(samples.flatMap(({ extra }) => extra[name] ?? []))] as const
  })
  return Object.fromEntries(merged)
}

/** Counters are counts of requests or connections; `backlog` is the number of requests that waited at the start. */
function sumCounters(all: readonly Readonly<Record<string, number>>[]): Record<string, number> | undefined {
  if (all.length === 0) return undefined
  const sums: Record<string, number> = {}
  for (const [name, count] of all.flatMap((counters) => Object.entries(counters)))
    sums[name] = (sums[name] ?? 0) + count
  return sums
}

/** Answers by who gave them. */
export function sumAnswers(samples: readonly PathSample[]): readonly AnswerCount[] {
  const sums = new Map<string, { cluster: string; pod: string; count: number }>()
  for (const answer of samples.flatMap((sample) => sample.answeredBy)) {
    const key = `${answer.cluster}/${answer.pod}`
    const sum = sums.get(key)
    if (sum) sum.count += answer.count
    else sums.set(key, { ...answer })
  }
  return [...sums.values()]
}
