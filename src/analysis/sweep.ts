import { profileOf } from '../load/profiles.ts'
import type { RunResult } from '../results/schema.ts'
import { ladderPaths } from '../results/variants.ts'
import { componentKey } from '../topology/component.ts'
import type { Component } from '../topology/model.ts'
import { nest, seriesValues, type MeasuredRound } from './round-values.ts'
import { summarizeLatency, type Estimate } from '../stats/summarize-series.ts'

/** What takes CPU time on a path, by kind of component; `all` is their sum. */
export const cpuKinds = [
  'client-pod',
  'ztunnel',
  'east-west-gateway',
  'load-balancer',
  'server-pod',
  'all',
] as const
export type CpuKind = (typeof cpuKinds)[number]

/** One path under a closed loop of so many connections. */
export interface SweepPoint {
  readonly load: string
  readonly connections: number
  /** Responses per second while this path had load. */
  readonly rate: Estimate
  readonly p50Ns: Estimate
  readonly p99Ns: Estimate
  /** CPU time per request, ns; null where the path has none of the kind, or where it is not known. */
  readonly cpuNs: Readonly<Record<CpuKind, Estimate | null>>
  /** Median share of its time in which the generator's event loop was busy; near 1 the generator is the limit. */
  readonly generatorBusy: number | null
  /** Where rate divided by median latency is largest. */
  readonly isKnee: boolean
}

export interface Sweep {
  readonly path: string
  readonly requestBytes: number
  readonly responseBytes: number
  /** In order of connections. */
  readonly points: readonly SweepPoint[]
}

/** Each closed loop, path by path: every path has turns of its own, so CPU time and rate are its own. */
export function sweepsOf(result: RunResult): readonly Sweep[] {
  const closed = result.loads.flatMap((load) => {
    const { connections, requestBytes, responseBytes } = load as Readonly<Record<string, unknown>>
    if (!profileOf(load.profile).hasTurnPerPath || typeof connections !== 'number') return []
    return [{ load: load.id, connections, sizes: [Number(requestBytes), Number(responseBytes)] as const }]
  })
  const sizes = new Map(closed.map((item) => [item.sizes.join('x'), item.sizes]))
  const paths = ladderPaths(result)
  return [...sizes.values()].flatMap((size) =>
    paths.map(({ name, expected }): Sweep => {
      const steps = closed
        .filter((item) => item.sizes.join('x') === size.join('x'))
        .toSorted((a, b) => a.connections - b.connections)
      const points = steps.map((step) => pointOf(result, name, expected, step))
      const knee = kneeOf(points)
      const marked = points.map((point, i) => ({ ...point, isKnee: i === knee }))
      return { path: name, requestBytes: size[0], responseBytes: size[1], points: marked }
    }),
  )
}

/**
 * The point with the largest power, rate over latency (Kleinrock, "Power and deterministic rules of thumb for
 * probabilistic problems in computer communications", ICC 1979): beyond it, waiting grows faster than throughput.
 * Undefined with fewer than three points.
 */
export function kneeOf(points: readonly Pick<SweepPoint, 'rate' | 'p50Ns'>[]): number | undefined {
  const powers = points.map(({ rate, p50Ns }) =>
    rate.estimate === null || p50Ns.estimate === null || p50Ns.estimate <= 0
      ? Number.NEGATIVE_INFINITY
      : rate.estimate / p50Ns.estimate,
  )
  if (powers.filter(Number.isFinite).length < 3) return undefined
  return powers.indexOf(Math.max(...powers))
}

function pointOf(
  result: RunResult,
  path: string,
  expected: readonly Component[],
  { load, connections }: { readonly load: string; readonly connections: number },
): Omit<SweepPoint, 'isKnee'> {
  const observed = result.measured.flatMap((round) => observe(round, path, load))
  const estimate = (value: (item: Observed) => number | null) => summarizeLatency(nest(observed, value))
  const places = (kind: CpuKind) =>
    result.components.flatMap((component, i) =>
      (kind === 'all' || component.kind === kind) &&
      expected.some((e) => componentKey(e) === componentKey(component))
        ? [i]
        : [],
    )
  const cpu = (kind: CpuKind): Estimate | null => {
    const own = places(kind)
    const hasGenerator = kind === 'client-pod' || kind === 'all'
    if (observed.length === 0 || (own.length === 0 && !hasGenerator)) return null
    return estimate(({ turn, requests }) => {
      if (requests === 0) return null
      const used = own.reduce((sum, i) => sum + (turn.componentCpuMs[i] ?? 0), 0)
      return ((used + (hasGenerator ? turn.generatorCpuMs : 0)) * 1e6) / requests
    })
  }
  const quantile = (name: 'p50' | 'p99') =>
    summarizeLatency(seriesValues(result.measured, { path, load, quantile: name }))
  const busy = observed.flatMap(({ busy: share }) => share ?? []).toSorted((a, b) => a - b)
  return {
    load,
    connections,
    rate: estimate(({ requests, wallMs }) => (wallMs > 0 ? (requests * 1000) / wallMs : null)),
    p50Ns: quantile('p50'),
    p99Ns: quantile('p99'),
    cpuNs: Object.fromEntries(cpuKinds.map((kind) => [kind, cpu(kind)])) as SweepPoint['cpuNs'],
    generatorBusy: busy[Math.floor(busy.length / 2)] ?? null,
  }
}

interface Observed {
  readonly build: number
  readonly restart: number | undefined
  readonly turn: NonNullable<MeasuredRound['turns']>[number]
  readonly requests: number
  readonly wallMs: number
  readonly busy: number | undefined
}

/** The turn of a round in which this path alone had this load; nothing where it shared its turn. */
function observe(round: MeasuredRound, path: string, load: string): Observed[] {
  const turns = round.turns ?? []
  const pods = turns.length === 0 ? 1 : round.generators.length / turns.length
  return turns.flatMap((turn, i): Observed[] => {
    if (turn.load !== load || turn.paths.length !== 1 || turn.paths[0] !== path) return []
    const generators = round.generators.slice(i * pods, (i + 1) * pods)
    const own = round.paths.find((p) => p.path === path && p.load === load)
    return [
      {
        build: round.build,
        restart: round.restart,
        turn,
        requests: own ? own.received + own.bad : 0,
        wallMs: Math.max(0, ...generators.map((g) => g.wallMs)),
        busy:
          generators.length === 0 ? undefined : Math.max(...generators.map((g) => g.eventLoopUtilization)),
      },
    ]
  })
}
