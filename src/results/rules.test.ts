import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ResultError } from '../errors.ts'
import { digestJournal } from './digest.ts'
import { readJournal } from './journal-reader.ts'
import { readResult } from './result-file.ts'
import type { PathRound, RoundEvent, RunHeader, RunResult } from './schema.ts'
import { encoded, sampleEvents, samplePaths } from './testing/sample-run.ts'
import { temporaryDirectory } from './testing/temporary.ts'

type Changed<T> = { -readonly [K in keyof T]: T[K] }

/** Reads a journal of three rounds in which something was changed. */
async function digested(change: (header: Changed<RunHeader>, rounds: Changed<RoundEvent>[]) => void) {
  const events = structuredClone(sampleEvents({ rounds: 3, requests: 20 }))
  const rounds = events.filter((event) => event.type === 'round')
  change(events[0] as RunHeader, rounds)
  const file = path.join(temporaryDirectory(), 'journal.ndjson')
  const all = [...events.filter((event) => event.type !== 'round').slice(0, -1), ...rounds, events.at(-1)]
  writeFileSync(file, all.map((event) => `${JSON.stringify(event)}\n`).join(''))
  return digestJournal(readJournal(file))
}

const first = (rounds: readonly RoundEvent[]) => rounds[0]!.paths[0] as Changed<PathRound>

test('what is not changed is read, so that the others are refused for what they say', async () => {
  expect((await digested(() => {})).measured).toHaveLength(3)
})

describe('numbers that cannot be are not believed of a journal', () => {
  test.each<[string, Parameters<typeof digested>[0], RegExp]>([
    ['a negative median', (_, r) => (first(r).quantilesNs!.p50 = -5), /p50/],
    ['quantiles that fall', (_, r) => (first(r).quantilesNs!.p90 = first(r).quantilesNs!.p50 / 2), /fall/],
    ['a median that its histogram has not', (_, r) => (first(r).quantilesNs!.p50 *= 1.1), /fall|median/],
    ['a mean beyond the maximum', (_, r) => (first(r).quantilesNs!.mean *= 1e3), /mean/],
    ['latencies without answers', (_, r) => (first(r).received = 0), /latencies of 0 answers/],
    ['more answers than requests', (_, r) => (first(r).bad = 1000), /answers to/],
    ['more lost than sent', (_, r) => (first(r).lost = 1000), /sent/],
    ['latencies without quantiles', (_, r) => (first(r).quantilesNs = null), /no quantiles/],
    ['another number of latencies', (_, r) => (first(r).n = 3), /3/],
    [
      'quantiles of an empty histogram',
      (_, r) => (first(r).cold = encoded([])) && (first(r).coldQuantilesNs = { ...first(r).quantilesNs! }),
      /empty histogram/,
    ],
    ['the same round twice', (_, r) => (r[1]!.round = 1), /build 1, restart 1, round 1 is there twice/],
    ['a round of number 0', (_, r) => (r[1]!.round = 0), /round/],
    ['the same path twice in a round', (_, r) => r[0]!.paths.push(r[0]!.paths[0]!), /twice/],
    ['a path that the run has not', (_, r) => (first(r).path = 'other'), /no path "other"/],
    ['a load that the run has not', (_, r) => (first(r).load = 'other'), /no load "other"/],
    ['evidence of a path that the run has not', (_, r) => (r[0]!.evidence[0]!.path = 'other'), /no path/],
    ['a path twice in the header', (h) => h.paths.push(h.paths[0]!), /twice/],
    ['a load twice in the header', (h) => h.loads.push(h.loads[0]!), /twice/],
    ['a control of nothing', (h) => (h.paths[0]!.controlOf = 'other'), /no path "other"/],
    ['hops that are not the components', (h) => (h.paths[1]!.hops = 6), /6 hops and 4/],
    ['a round that took less than no time', (_, r) => (r[0]!.durationMs = -3_599_586), /durationMs/],
    ['a time beyond every use', (_, r) => (r[0]!.durationMs = 1e308), /durationMs/],
    ['a share of three halves', (_, r) => (r[0]!.host.busy = 1.5), /busy/],
    ['a CPU time below zero', (_, r) => (r[0]!.componentCpu[0]!.cpuMs = -1), /cpuMs/],
    ['no round planned', (h) => (h.rounds.count = 0), /rounds.count/],
    ['a moment that is none', (_, r) => (r[0]!.at = 'yesterday-ish'), /not a time/],
    ['no clients', (h) => (h.clients = 0), /clients/],
  ])('%s', async (_, change, message) => {
    const error: unknown = await digested(change).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ResultError)
    expect((error as Error).message).toMatch(message)
  })
})

describe('nor of a result', () => {
  async function read(change: (result: Changed<RunResult>) => void): Promise<RunResult> {
    const result = structuredClone(await digested(() => {}))
    change(result)
    const file = path.join(temporaryDirectory(), 'result.json')
    writeFileSync(file, JSON.stringify(result))
    return readResult(file)
  }

  test.each<[string, (result: Changed<RunResult>) => void, RegExp]>([
    ['a round twice', (r) => r.measured.push(r.measured[0]!), /twice/],
    ['latencies that no round has', (r) => (r.histograms[0]!.warm = encoded([1, 2])), /latencies/],
    [
      'valid latencies of flagged rounds',
      (r) => (r.histograms[0]!.warmValid = r.histograms[0]!.warm),
      /valid/,
    ],
    ['a histogram twice', (r) => r.histograms.push(r.histograms[0]!), /twice/],
    ['no histogram', (r) => r.histograms.pop(), /no histogram/],
    ['CPU times of other components', (r) => r.components.pop(), /CPU times/],
    ['a negative median', (r) => (r.measured[0]!.paths[0]!.quantilesNs!.p50 = -5), /p50/],
    ['evidence of another path', (r) => (r.evidence[0]!.path = 'other'), /no path/],
  ])('%s', async (_, change, message) => {
    await expect(read(change)).rejects.toThrow(message)
    await expect(read(change)).rejects.toBeInstanceOf(ResultError)
  })
})

describe('what a file may hold has limits, which are named', () => {
  test.each<[string, Parameters<typeof digested>[0], string]>([
    [
      'paths',
      (h) => (h.paths = Array.from({ length: 3000 }, (_, i) => ({ ...samplePaths[0]!, name: `p${i}` }))),
      'more than 128 paths per run',
    ],
    [
      'expected components',
      (h) => (h.paths[0]!.expected = Array.from({ length: 20_000 }, () => samplePaths[0]!.expected[0]!)),
      'more than 64 components per path',
    ],
    ['characters', (h) => (h.scenario.title = 'x'.repeat(100_000)), 'more than 65536 characters per text'],
    [
      'labels',
      (h) => (h.labels = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`l${i}`, 'x']))),
      'more than 1024 names per list',
    ],
    [
      'extra histograms',
      (_, r) =>
        (first(r).extra = Object.fromEntries(Array.from({ length: 99 }, (__, i) => [`e${i}`, encoded([1])]))),
      'more than 32 histograms per sample',
    ],
  ])('%s', async (_, change, message) => {
    await expect(digested(change)).rejects.toThrow(message)
  })

  test('half a megabyte of histograms takes no gigabyte: decoded size is bounded by name', async () => {
    // 40,000 buckets, each with one value, deflate to a hundred characters.
    const wide = fullHistogram(40_000)
    expect(wide.length).toBeLessThan(1000)
    const loads = Array.from({ length: 200 }, (_, i) => ({ id: `l${i}`, profile: 'pingpong' as const }))
    const before = process.memoryUsage().rss
    await expect(
      digested((header, rounds) => {
        header.loads = loads
        const [sample] = rounds[0]!.paths
        rounds[0]!.paths = loads.map(({ id }) => ({
          ...{
            ...sample!,
            load: id,
            sent: 0,
            received: 0,
            n: 0,
            quantilesNs: null,
            warm: encoded([]),
            cold: wide,
          },
        }))
      }),
    ).rejects.toThrow('more than 6000000 buckets per file')
    expect(process.memoryUsage().rss - before).toBeLessThan(1e9)
  })
})

/** As a stranger would write it: one value in each of so many buckets. */
function fullHistogram(buckets: number): string {
  const plain = Buffer.alloc(40 + buckets, 2)
  plain.writeUInt32BE(0x1c849313, 0)
  plain.writeInt32BE(buckets, 4)
  plain.writeInt32BE(0, 8)
  plain.writeInt32BE(3, 12)
  plain.writeBigInt64BE(1n, 16)
  plain.writeBigInt64BE(BigInt(Number.MAX_SAFE_INTEGER), 24)
  plain.writeDoubleBE(1, 32)
  const body = deflateSync(plain)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(0x1c849314, 0)
  head.writeInt32BE(body.length, 4)
  return Buffer.concat([head, body]).toString('base64')
}
