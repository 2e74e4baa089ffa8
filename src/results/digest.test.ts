import { describe, expect, test } from 'vitest'
import { ResultError } from '../errors.ts'
import { digestJournal, endedAbruptly } from './digest.ts'
import { mergeHistograms } from './histogram.ts'
import { runResult, type JournalEvent, type PathEvidence } from './schema.ts'
import {
  encoded,
  sampleBuild,
  sampleEnd,
  sampleEvents,
  sampleHeader,
  samplePathRound,
  sampleRestart,
  sampleRound,
} from './testing/sample-run.ts'

async function digest(events: readonly JournalEvent[]) {
  async function* stream() {
    yield* events
  }
  return digestJournal(stream())
}

const rounds = (events: readonly JournalEvent[]) => events.filter((event) => event.type === 'round')

describe('a digest', () => {
  test('is what the format of result.json says', async () => {
    const result = await digest(sampleEvents())
    expect(runResult.parse(JSON.parse(JSON.stringify(result)))).toEqual(result)
  })

  test('keeps restarts, which rounds and which of them they are of, and what their halves read', async () => {
    const events = sampleEvents({ rounds: 2, restarts: 3 })
    const { restarts, measured } = await digest(events)
    expect(restarts).toEqual(
      [1, 2, 3].map((restart) => {
        const { type: _, ...rest } = sampleRestart({ restart })
        return rest
      }),
    )
    expect(measured.map(({ restart, round }) => [restart, round])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
      [3, 1],
      [3, 2],
    ])
    for (const { paths } of measured) {
      for (const { halvesNs } of paths) expect(halvesNs?.map((half) => half !== null)).toEqual([true, true])
    }
  })

  test('keeps every round without its histograms', async () => {
    const events = sampleEvents({ rounds: 3 })
    const { measured } = await digest(events)
    expect(measured.map((round) => round.round)).toEqual([1, 2, 3])
    const { warm: _w, cold: _c, extra: _e, ...counts } = rounds(events)[1]!.paths[4]!
    expect(measured[1]!.paths[4]).toEqual(counts)
    expect(measured[1]!.flags).toEqual(['cpu-pressure'])
    expect(JSON.stringify(measured)).not.toMatch(/HISTF|spiffe/)
  })

  test('adds up histograms per path and load, all rounds and valid ones apart', async () => {
    const events = sampleEvents({ rounds: 4 })
    const { histograms } = await digest(events)
    const of = (path: string, key: 'warm' | 'cold', all: boolean) =>
      mergeHistograms(
        rounds(events)
          .filter((round) => all || round.flags.length === 0)
          .flatMap((round) => round.paths.filter((p) => p.path === path).map((p) => p[key])),
      )
    expect(histograms).toHaveLength(5)
    for (const { path, load, warm, warmValid, cold } of histograms) {
      expect(load).toBe('pingpong')
      expect(warm).toBe(of(path, 'warm', true))
      expect(warmValid).toBe(of(path, 'warm', false))
      expect(warmValid).not.toBe(warm)
      expect(cold).toBe(of(path, 'cold', true))
    }
  })

  test('tells loads of one path apart and adds further histograms by name', async () => {
    const round = sampleRound()
    const extra = (lag: number) => ({ lag: encoded([lag]) })
    const paths = [
      samplePathRound([100], { load: 'a', extra: extra(1) }),
      samplePathRound([200], { load: 'b', extra: {} }),
      samplePathRound([300], { load: 'a', extra: extra(2) }),
    ]
    const { histograms } = await digest([sampleHeader(), { ...round, paths }])
    expect(histograms.map(({ load, warm, extra: more }) => ({ load, warm, more }))).toEqual([
      { load: 'a', warm: encoded([100, 300]), more: { lag: encoded([1, 2]) } },
      { load: 'b', warm: encoded([200]), more: {} },
    ])
  })

  test('counts verdicts per build and path and keeps the first of the worst', async () => {
    const seen = (verdict: PathEvidence['verdict'], reason: string): PathEvidence => ({
      ...sampleRound().evidence[0]!,
      path: 'p',
      verdict,
      reasons: [reason],
    })
    const events = [
      ['proven', 'first'],
      ['unproven', 'second'],
      ['mismatch', 'third'],
      ['mismatch', 'fourth'],
      ['proven', 'fifth'],
    ] as const
    const { evidence } = await digest([
      sampleHeader(),
      ...events.map(([verdict, reason], i) => ({
        ...sampleRound({ restart: 2, round: i + 1 }),
        evidence: [seen(verdict, reason)],
      })),
      { ...sampleRound({ build: 2 }), evidence: [seen('proven', 'again')] },
    ])
    expect(evidence).toEqual([
      {
        build: 1,
        path: 'p',
        proven: 2,
        mismatch: 2,
        unproven: 1,
        sample: seen('mismatch', 'third'),
        sampleRestart: 2,
        sampleRound: 3,
      },
      {
        build: 2,
        path: 'p',
        proven: 1,
        mismatch: 0,
        unproven: 0,
        sample: seen('proven', 'again'),
        sampleRestart: 1,
        sampleRound: 1,
      },
    ])
  })

  test('keeps CPU time as numbers in the order of its components', async () => {
    const pod = { kind: 'client-pod', cluster: 'a', node: 1 } as const
    const gateway = { kind: 'east-west-gateway', cluster: 'b' } as const
    const usage = (...pairs: [typeof pod | typeof gateway, number][]) =>
      pairs.map(([component, cpuMs]) => ({ component, cpuMs }))
    const { components, measured } = await digest([
      sampleHeader(),
      { ...sampleRound({ round: 1 }), componentCpu: usage([pod, 1.5]) },
      { ...sampleRound({ round: 2 }), componentCpu: usage([gateway, 2], [pod, 3], [gateway, 4]) },
    ])
    expect(components).toEqual([pod, gateway])
    expect(measured.map((round) => round.componentCpuMs)).toEqual([
      [1.5, null],
      [3, 6],
    ])
  })

  test('keeps CPU time of turns in the order of its components, too', async () => {
    const pod = { kind: 'server-pod', cluster: 'a', node: 1 } as const
    const gateway = { kind: 'east-west-gateway', cluster: 'b' } as const
    const turn = { client: 'c', load: 'closed-c1', paths: ['single'], generatorCpuMs: 4 }
    const componentCpu = [{ component: pod, cpuMs: 1.5 }]
    const { measured } = await digest([
      sampleHeader(),
      { ...sampleRound({ round: 1 }), componentCpu, turns: [{ ...turn, componentCpu }] },
      { ...sampleRound({ round: 2 }), componentCpu: [{ component: gateway, cpuMs: 2 }] },
    ])
    expect(measured[0]?.turns).toEqual([{ ...turn, componentCpuMs: [1.5, null] }])
    expect(measured[1]).not.toHaveProperty('turns')
  })

  test('keeps builds, proofs, unreachable paths and notes in order', async () => {
    const at = '2026-11-23T01:02:03.000Z'
    const { builds, proofs, unreachable, notes } = await digest([
      sampleHeader(),
      sampleBuild(1),
      { type: 'proof', build: 1, at, load: 'pingpong', evidence: sampleRound().evidence },
      { type: 'unreachable', build: 1, path: 'x', at, confirmed: true, observed: 'EHOSTUNREACH', afterMs: 3 },
      { type: 'note', at, level: 'warning', message: 'one' },
      sampleBuild(2),
      { type: 'note', at, level: 'info', message: 'two' },
    ])
    expect(builds.map((b) => b.build)).toEqual([1, 2])
    expect(proofs).toHaveLength(1)
    expect(unreachable).toMatchObject([{ path: 'x', confirmed: true }])
    expect(notes.map((n) => n.message)).toEqual(['one', 'two'])
  })
})

describe('how a run ended', () => {
  test('is what its last line says', async () => {
    const result = await digest([sampleHeader(), { ...sampleEnd, status: 'void', reason: 'flags' }])
    expect(result).toMatchObject({ status: 'void', reason: 'flags', endedAt: sampleEnd.at })
  })

  test('without a last line is interrupted, at the time of the last event', async () => {
    const result = await digest([sampleHeader(), sampleRound({ round: 9 })])
    expect(result).toMatchObject({
      status: 'interrupted',
      reason: endedAbruptly,
      endedAt: sampleRound({ round: 9 }).at,
    })
  })
})

describe('a digest refuses', () => {
  test('a histogram that is damaged, naming its round, path and load', async () => {
    const round = sampleRound({ round: 7 })
    const paths = [samplePathRound([1], { path: 'gateway', warm: 'HISTFAAAA' })]
    const failure = digest([sampleHeader(), { ...round, paths }])
    await expect(failure).rejects.toThrow(ResultError)
    await expect(failure).rejects.toThrow(
      /build 1, restart 1, round 7, path "gateway", load "pingpong": not a histogram/,
    )
  })

  test('a histogram with another number of requests than its round claims', async () => {
    const paths = [samplePathRound([1, 2, 3], { n: 4 })]
    await expect(digest([sampleHeader(), { ...sampleRound(), paths }])).rejects.toThrow(
      /3 values where .* says 4/,
    )
  })
})
