import type { Topology } from '../../topology/model.ts'
import { pathRule } from '../../topology/path-rule.ts'
import { encodeHistogram, histogramQuantiles, newHistogram } from '../histogram.ts'
import {
  resultSchemaVersion,
  type BuildEvent,
  type EndEvent,
  type JournalEvent,
  type PathRound,
  type RestartEvent,
  type RoundEvent,
  type RunHeader,
} from '../schema.ts'

/** Synthetic runs for tests and benches: the shape and size of a hop ladder, values drawn from a seeded generator. */

const topology: Topology = {
  clusters: [
    { name: 'east-1', network: 'east', podCidr: '10.10.0.0/16', serviceCidr: '10.110.0.0/16', nodes: 2 },
    { name: 'east-2', network: 'east', podCidr: '10.20.0.0/16', serviceCidr: '10.120.0.0/16', nodes: 1 },
    {
      name: 'west',
      network: 'west',
      podCidr: '10.30.0.0/16',
      serviceCidr: '10.130.0.0/16',
      nodes: 1,
      gateway: { loadBalancer: 'none' },
    },
    {
      name: 'south',
      network: 'south',
      podCidr: '10.40.0.0/16',
      serviceCidr: '10.140.0.0/16',
      nodes: 1,
      gateway: { loadBalancer: 'proxy' },
    },
  ],
  routes: [
    { from: 'east-1', to: 'east-2' },
    { from: 'east-2', to: 'east-1' },
  ],
}

const ladder = [
  { name: 'no-mesh', server: { cluster: 'east-1', node: 2 }, mesh: 'none' },
  { name: 'single', server: { cluster: 'east-1', node: 2 }, mesh: 'ambient' },
  { name: 'same-network', server: { cluster: 'east-2', node: 1 }, mesh: 'ambient' },
  { name: 'gateway', server: { cluster: 'west', node: 1 }, mesh: 'ambient' },
  { name: 'load-balancer', server: { cluster: 'south', node: 1 }, mesh: 'ambient' },
] as const

export const samplePaths: RunHeader['paths'] = ladder.map((path) => {
  const client = { cluster: 'east-1', node: 1 }
  const rule = pathRule(topology, { client, server: path.server, mesh: path.mesh })
  if (!rule.possible) throw new Error(rule.reason)
  const { hops, protocol, components } = rule
  return { ...path, client, hops, protocol, expected: components.map((c) => ({ ...c })) }
})

export const sampleId = '2026-11-23t01-02-03z-hop-ladder-7f3a'

export function sampleHeader(overrides: Partial<RunHeader> = {}): RunHeader {
  const text = `name: hop-ladder\n${'# a scenario file has a few dozen lines like this one\n'.repeat(40)}`
  return {
    type: 'run',
    schemaVersion: resultSchemaVersion,
    id: sampleId,
    startedAt: '2026-11-23T01:02:03.000Z',
    hopmeterVersion: '0.1.0',
    scenario: {
      name: 'hop-ladder',
      title: 'Every component on one ladder',
      hash: `sha256:${'0'.repeat(64)}`,
      text,
    },
    overrides: {},
    seed: 42,
    backend: 'lab',
    verify: 'strict',
    rounds: { count: 20, durationMs: 1000, warmupMs: 500, builds: 1, restarts: 1 },
    loads: [
      { id: 'pingpong', profile: 'pingpong', protocol: 'http1', requestBytes: 128, responseBytes: 128 },
    ],
    paths: samplePaths,
    environment: {
      kernel: '6.12.0',
      cpuModel: 'Example CPU',
      cores: 2,
      memoryMiB: 8192,
      clockSource: 'tsc',
      virtualization: 'kvm',
      node: '20.19.0',
      loadAverage: [0.5, 0.4, 0.3],
    },
    labels: {},
    ...overrides,
  }
}

export function sampleBuild(build = 1): BuildEvent {
  return {
    type: 'build',
    build,
    at: '2026-11-23T01:02:04.000Z',
    engine: { name: 'lab-node', version: '0.1.0' },
    delayMethod: 'none',
    loadBalancer: 'lab-node',
    facts: { iproute2: '6.15.0' },
    upMs: 900,
  }
}

export function sampleRestart({ build = 1, restart = 1 } = {}): RestartEvent {
  const at = '2026-11-23T01:02:04.500Z'
  return { type: 'restart', build, restart, at, startMs: 800, warmupMs: 2100, unsettled: [] }
}

/** Latencies in ns around a value that grows with hops; the same seed gives the same values. */
export function sampleValues(hops: number, count: number, seed: number): number[] {
  let state = seed >>> 0
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return Array.from({ length: count }, () =>
    Math.round(60_000 * hops + 20_000 * random() + 5_000 / (0.001 + random())),
  )
}

export function encoded(values: readonly number[]): string {
  const histogram = newHistogram()
  for (const value of values) histogram.recordValue(value)
  return encodeHistogram(histogram)
}

export function samplePathRound(values: readonly number[], overrides: Partial<PathRound> = {}): PathRound {
  const warm = encoded(values)
  const { count, quantilesNs } = histogramQuantiles(warm)
  const half = (which: 0 | 1) =>
    histogramQuantiles(encoded(values.filter((_, i) => i % 2 === which))).quantilesNs
  return {
    path: 'single',
    load: 'pingpong',
    order: 0,
    sent: count + 1,
    received: count + 1,
    bad: 0,
    errors: 0,
    lost: 0,
    reconnects: 0,
    n: count,
    quantilesNs,
    halvesNs: [half(0), half(1)],
    warm,
    cold: encoded([900_000]),
    extra: {},
    ...overrides,
  }
}

export interface SampleRoundOptions {
  readonly build?: number
  readonly restart?: number
  readonly round?: number
  /** Requests per path. */
  readonly requests?: number
  readonly flags?: readonly string[]
}

export function sampleRound({
  build = 1,
  restart = 1,
  round = 1,
  requests = 200,
  flags = [],
}: SampleRoundOptions = {}): RoundEvent {
  const components = [
    ...new Map(samplePaths.flatMap((p) => p.expected).map((c) => [JSON.stringify(c), c])).values(),
  ]
  return {
    type: 'round',
    build,
    restart,
    round,
    at: new Date(Date.UTC(2026, 10, 23, 1, 2, 5) + (100 * (restart - 1) + round) * 1000).toISOString(),
    durationMs: 1001,
    paths: samplePaths.map((path, i) =>
      samplePathRound(
        sampleValues(path.hops ?? 2, requests, build * 1_000_003 + (restart - 1) * 50_021 + round * 1009 + i),
        {
          path: path.name,
        },
      ),
    ),
    evidence: samplePaths.map((path) => ({
      path: path.name,
      verdict: 'proven',
      observed: path.expected,
      observedProtocol: path.protocol,
      hops: path.expected.slice(1).map((component) => ({
        component,
        source: '10.10.1.10',
        sourceIdentity: 'spiffe://cluster.local/ns/hopmeter/sa/client-east-1-n1',
        requested: `server-${path.server.cluster}-n1.hopmeter.svc.cluster.local:8080`,
        upstream: '10.40.1.10:15008',
        connections: 1,
        bytesUp: requests * 128,
        bytesDown: requests * 256,
      })),
      answeredBy: [
        { cluster: path.server.cluster, pod: `server-${path.server.cluster}-n1`, count: requests + 1 },
      ],
      served: requests + 1,
      reasons: [],
    })),
    generators: [
      {
        client: 'client-east-1-n1',
        load: 'pingpong',
        wallMs: 1000.4,
        cpuMs: 150.25,
        eventLoopUtilization: 0.12,
        runDelayNsPerRequest: 3700.5,
        involuntarySwitches: 12,
      },
    ],
    host: { cpuPressure: 0.02, steal: 0.001, busy: 0.35, loadAverage1m: 0.5 },
    componentCpu: components.map((component, i) => ({ component, cpuMs: 10.5 + i })),
    flags: [...flags],
  }
}

export const sampleEnd: EndEvent = { type: 'end', at: '2026-11-23T01:03:00.000Z', status: 'complete' }

export interface SampleEventsOptions {
  /** Of each restart. */
  readonly rounds?: number
  readonly restarts?: number
  readonly requests?: number
  readonly header?: Partial<RunHeader>
}

/** Header, build, restarts with their rounds, end. Round 2 of each restart is flagged. */
export function sampleEvents(options: SampleEventsOptions = {}): JournalEvent[] {
  const { rounds = 3, restarts = 1, requests = 200, header = {} } = options
  const counts = { count: rounds, durationMs: 1000, warmupMs: 500, builds: 1, restarts }
  return [
    sampleHeader({ rounds: counts, ...header }),
    sampleBuild(),
    ...Array.from({ length: restarts }, (_, r) => [
      sampleRestart({ restart: r + 1 }),
      ...Array.from({ length: rounds }, (__, i) =>
        sampleRound({ restart: r + 1, round: i + 1, requests, flags: i === 1 ? ['cpu-pressure'] : [] }),
      ),
    ]).flat(),
    sampleEnd,
  ]
}
