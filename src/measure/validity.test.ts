import { expect, test } from 'vitest'
import { sampleRound } from '../results/testing/sample-run.ts'
import { profileNames, profileOf } from '../load/profiles.ts'
import { roundFlags as flagsOf } from './validity.ts'

const round = sampleRound({ requests: 50 })
const [firstPath, ...otherPaths] = round.paths
const [generator] = round.generators
const throttled = round.componentCpu.slice(1, 2).map(({ component }) => ({ component, throttledMs: 0.4 }))

const loads = new Map([
  ...profileNames.map((name) => [name, profileOf(name)] as const),
  ['open-r200', profileOf('open')] as const,
  ['closed-c64', profileOf('closed')] as const,
  ['connect-16x1024', profileOf('connect')] as const,
])
const roundFlags = (measured: Parameters<typeof flagsOf>[0]) => flagsOf(measured, loads)

test('a clean round has no flag', () => {
  expect(roundFlags(round)).toEqual([])
})

test.each([
  ['bad-responses', { paths: [{ ...firstPath!, bad: 1, received: firstPath!.received - 1 }, ...otherPaths] }],
  ['errors', { paths: [{ ...firstPath!, errors: 1 }, ...otherPaths] }],
  ['lost-requests', { paths: [{ ...firstPath!, lost: 1 }, ...otherPaths] }],
  ['reconnects', { paths: [{ ...firstPath!, reconnects: 1 }, ...otherPaths] }],
  ['served-differs', { evidence: round.evidence.map((e) => ({ ...e, served: (e.served ?? 0) + 1 })) }],
  ['path-not-proven', { evidence: round.evidence.map((e) => ({ ...e, verdict: 'unproven' as const })) }],
  ['generator-busy', { generators: [{ ...generator!, load: 'open-r200', eventLoopUtilization: 0.51 }] }],
  ['run-delay', { generators: [{ ...generator!, runDelayNsPerRequest: 10_001 }] }],
  ['cpu-pressure', { host: { ...round.host, cpuPressure: 0.11 } }],
  ['steal', { host: { ...round.host, steal: 0.011 } }],
  ['throttled', { throttled }],
])('a round is flagged with %s', (flag, change) => {
  expect(roundFlags({ ...round, ...change })).toEqual([flag])
})

test('delay and pressure are our own where nobody else uses the CPUs', () => {
  const host = { ...round.host, cpuPressure: 0.3, otherBusy: 0.1 }
  const generators = [{ ...generator!, runDelayNsPerRequest: 30_000 }]
  expect(roundFlags({ ...round, host, generators })).toEqual([])
  const disturbed = { ...host, otherBusy: 0.4 }
  expect(roundFlags({ ...round, host: disturbed, generators })).toEqual([
    'other-load',
    'run-delay',
    'cpu-pressure',
  ])
})

test('one request in flight, or a closed loop, may keep the generator busy', () => {
  for (const load of ['pingpong', 'closed-c64']) {
    expect(
      roundFlags({ ...round, generators: [{ ...generator!, load, eventLoopUtilization: 0.9 }] }),
    ).toEqual([])
  }
})

test('a connection profile may have no request after the first, whatever its sizes', () => {
  const without = (load: string) => ({ ...round, paths: [{ ...firstPath!, n: 0, load }, ...otherPaths] })
  expect(roundFlags(without('connect-16x1024'))).toEqual([])
  expect(roundFlags(without('pingpong'))).toEqual(['no-samples'])
})

test('a host without pressure information is not under pressure', () => {
  expect(roundFlags({ ...round, host: { ...round.host, cpuPressure: null } })).toEqual([])
})
