import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PathSample } from '../agent/protocol.ts'
import {
  decodeHistogram,
  encodeHistogram,
  histogramBuckets,
  mergeHistograms,
  newHistogram,
} from '../results/histogram.ts'
import { mergeSamples } from './merge-samples.ts'

function encoded(values: readonly number[]): string {
  const histogram = newHistogram()
  for (const value of values) histogram.recordValue(value)
  return encodeHistogram(histogram)
}

function bucketsOf(text: string): readonly unknown[] {
  return [...histogramBuckets(decodeHistogram(text))]
}

function sampleOf(
  warm: readonly number[],
  cold: readonly number[],
  more: Partial<PathSample> = {},
): PathSample {
  return {
    path: 'p',
    order: 0,
    sent: warm.length + cold.length,
    received: warm.length + cold.length,
    bad: 0,
    errors: 0,
    lost: 0,
    reconnects: 0,
    bytesSent: 100 * (warm.length + cold.length),
    bytesReceived: 200 * (warm.length + cold.length),
    warm: encoded(warm),
    cold: encoded(cold),
    extra: {},
    answeredBy: [{ cluster: 'east', pod: 'server', count: warm.length + cold.length }],
    ...more,
  }
}

/** From a nanosecond to 20 s, which is more than any request may take. */
const latency = fc.integer({ min: 1, max: 20_000_000_000 })
const pods = fc.array(
  fc.record({ warm: fc.array(latency, { maxLength: 60 }), cold: fc.array(latency, { maxLength: 3 }) }),
  {
    minLength: 1,
    maxLength: 6,
  },
)

test('histograms of several pods add up to what one client would have recorded', () => {
  fc.assert(
    fc.property(pods, (perPod) => {
      const merged = mergeSamples(perPod.map(({ warm, cold }) => [sampleOf(warm, cold)]))[0]!
      const [warm, cold] = [perPod.flatMap((pod) => pod.warm), perPod.flatMap((pod) => pod.cold)]
      expect(bucketsOf(merged.warm)).toEqual(bucketsOf(encoded(warm)))
      expect(bucketsOf(merged.cold)).toEqual(bucketsOf(encoded(cold)))
      expect(decodeHistogram(merged.warm).totalCount).toBe(warm.length)
      expect(merged.received).toBe(warm.length + cold.length)
      expect(merged.answeredBy.map(({ count }) => count)).toEqual([warm.length + cold.length])
    }),
  )
})

test('the order of pods and the grouping of merges change nothing', () => {
  fc.assert(
    fc.property(pods, (perPod) => {
      const texts = perPod.map(({ warm }) => encoded(warm))
      const whole = mergeHistograms(texts)
      expect(mergeHistograms(texts.toReversed())).toBe(whole)
      const middle = Math.floor(texts.length / 2)
      const halves = [texts.slice(0, middle), texts.slice(middle)].map((half) => mergeHistograms(half))
      expect(mergeHistograms(halves)).toBe(whole)
    }),
  )
})

test('every count of the merged sample is the sum over the pods', () => {
  const counts = fc.record({
    sent: fc.nat(1e6),
    received: fc.nat(1e6),
    bad: fc.nat(1e6),
    errors: fc.nat(1e6),
    lost: fc.nat(1e6),
    reconnects: fc.nat(1e6),
    bytesSent: fc.nat(1e9),
    bytesReceived: fc.nat(1e9),
  })
  fc.assert(
    fc.property(fc.array(counts, { minLength: 1, maxLength: 8 }), (perPod) => {
      const merged = mergeSamples(perPod.map((own) => [sampleOf([1000], [], own)]))[0]!
      for (const key of Object.keys(perPod[0]!) as (keyof (typeof perPod)[number])[])
        expect(merged[key]).toBe(perPod.reduce((sum, own) => sum + own[key], 0))
    }),
  )
})

test('further histograms, counters, answers and the first error are kept from every pod that has them', () => {
  const a = sampleOf([10], [], {
    extra: { lag: encoded([5, 6]) },
    counters: { intended: 3, backlog: 1 },
    answeredBy: [{ cluster: 'east', pod: 'server', count: 1 }],
  })
  const b = sampleOf([20], [], {
    extra: { lag: encoded([7]), response: encoded([9]) },
    counters: { intended: 4, unsent: 2 },
    answeredBy: [{ cluster: 'west', pod: 'other', count: 1 }],
    firstError: 'ECONNRESET',
  })
  const [merged] = mergeSamples([[a], [b]])
  expect(merged?.counters).toEqual({ intended: 7, backlog: 1, unsent: 2 })
  expect(bucketsOf(merged!.extra['lag']!)).toEqual(bucketsOf(encoded([5, 6, 7])))
  expect(bucketsOf(merged!.extra['response']!)).toEqual(bucketsOf(encoded([9])))
  expect(merged?.answeredBy).toEqual([
    { cluster: 'east', pod: 'server', count: 1 },
    { cluster: 'west', pod: 'other', count: 1 },
  ])
  expect(merged?.firstError).toBe('ECONNRESET')
})

test('paths are merged by name, and a pod that did not reach one does not hide it', () => {
  const of = (path: string, value: number) => sampleOf([value], [], { path })
  const merged = mergeSamples([
    [of('a', 1), of('b', 2)],
    [of('b', 3), of('a', 4), of('c', 5)],
  ])
  expect(merged.map(({ path, sent }) => [path, sent])).toEqual([
    ['a', 2],
    ['b', 2],
    ['c', 1],
  ])
})

test('the samples of a single pod stay as they are', () => {
  const samples = [sampleOf([1, 2], [3])]
  expect(mergeSamples([samples])).toBe(samples)
})

test('halves of several pods add up half by half, and where no pod has any there are none', () => {
  const withHalves = pods.map((perPod) =>
    perPod.map(({ warm, cold }) => {
      const [first, second] = [warm.filter((_, i) => i % 3 === 0), warm.filter((_, i) => i % 3 !== 0)]
      return { first, second, sample: sampleOf(warm, cold, { halves: [encoded(first), encoded(second)] }) }
    }),
  )
  fc.assert(
    fc.property(withHalves, (perPod) => {
      const { halves } = mergeSamples(perPod.map(({ sample }) => [sample]))[0]!
      expect(bucketsOf(halves![0])).toEqual(bucketsOf(encoded(perPod.flatMap(({ first }) => first))))
      expect(bucketsOf(halves![1])).toEqual(bucketsOf(encoded(perPod.flatMap(({ second }) => second))))
    }),
    { numRuns: 30 },
  )
  const [plain] = mergeSamples([[sampleOf([1], [])], [sampleOf([2], [])]])
  expect(plain).not.toHaveProperty('halves')
})
