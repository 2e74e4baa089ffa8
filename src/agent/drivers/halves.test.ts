import { expect, test } from 'vitest'
import { closing } from '../testing/closing.ts'
import { decode, drive, echoServer, sampleOf, sizes, sumNs, target, total } from '../testing/drive.ts'
import type { DriverLoad } from './drivers.ts'
import { PathRecorder } from '../path-recorder.ts'

const loads: readonly DriverLoad[] = [
  { profile: 'pingpong', protocol: 'http1', ...sizes },
  { profile: 'pingpong', protocol: 'http2', ...sizes },
  { profile: 'pingpong', protocol: 'tcp', ...sizes },
  { profile: 'closed', connections: 2, ...sizes },
  { profile: 'open', ratePerSecond: 400, connections: 2, ...sizes },
  { profile: 'connect', ...sizes },
]

test.each(loads)('halves of %o add up to all warm requests, and neither is empty', async (load) => {
  const server = closing(await echoServer('a'))
  const outcomes = await drive(load, [target('pa', server.port), target('pb', server.port)], {
    halves: true,
    until: (of) => of('pa').warm > 40 && of('pb').warm > 40,
  })
  const sums = [0, 0]
  for (const outcome of outcomes) {
    for (const path of ['pa', 'pb']) {
      const { warm, halves } = sampleOf(outcome, path)
      const counts = halves!.map((half) => decode(half).totalCount)
      expect(counts[0]! + counts[1]!).toBe(decode(warm).totalCount)
      expect(sumNs(halves![0]) + sumNs(halves![1])).toBeCloseTo(sumNs(warm), -3)
      counts.forEach((count, i) => (sums[i]! += count))
    }
  }
  expect(Math.min(...sums)).toBeGreaterThan(10)
  // Nothing is sent for them: a path keeps the connections that its load has.
  expect(total(outcomes, 'pa')).toMatchObject({ errors: 0, lost: 0, bad: 0 })
})

test('nothing is told apart unless asked for', async () => {
  const server = closing(await echoServer('a'))
  const outcomes = await drive(loads[0]!, [target('p', server.port)], { until: (of) => of('p').warm > 0 })
  for (const outcome of outcomes) expect(sampleOf(outcome, 'p')).not.toHaveProperty('halves')
  expect(total(outcomes, 'p').cold).toBe(1)
})

test('which half a request is of follows from nothing that happens to it, nor from a rhythm', () => {
  const [fast, slow] = [new PathRecorder('a', true), new PathRecorder('b', true)]
  const halfOf = (recorder: PathRecorder, ns: number) => {
    recorder.recordWarm(ns)
    return recorder.take(0).halves!.findIndex((half) => decode(half).totalCount === 1)
  }
  const [a, b] = [100, 900_000].map((ns, i) =>
    Array.from({ length: 400 }, () => halfOf(i === 0 ? fast : slow, ns)),
  )
  expect(a).toEqual(b)
  expect(a!.filter((half) => half === 0).length).toBeGreaterThan(160)
  expect(a!.filter((half) => half === 1).length).toBeGreaterThan(160)
  // Alternating requests fall into both halves alike.
  const even = a!.filter((_, i) => i % 2 === 0)
  expect(even.filter((half) => half === 0).length).toBeGreaterThan(70)
  expect(even.filter((half) => half === 1).length).toBeGreaterThan(70)
})

test('a sample taken starts anew: halves of one turn are not in the next', () => {
  const recorder = new PathRecorder('p', true)
  for (let i = 0; i < 9; i++) recorder.recordWarm(1000)
  expect(recorder.take(0).halves!.reduce((sum, half) => sum + decode(half).totalCount, 0)).toBe(9)
  recorder.recordWarm(2000)
  const { warm, halves } = recorder.take(0)
  expect(decode(warm).totalCount).toBe(1)
  expect(halves!.reduce((sum, half) => sum + decode(half).totalCount, 0)).toBe(1)
})
