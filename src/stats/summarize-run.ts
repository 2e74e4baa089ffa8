import { hasCoarseCpu, isSimulated } from '../results/build-traits.ts'
import type { RunResult } from '../results/schema.ts'
import { componentKey, componentTitle } from '../topology/component.ts'
import type { Component } from '../topology/model.ts'
import type { Comparison } from './comparison.ts'
import { cpuPerRequest, type CpuCost } from './cpu-per-request.ts'
import type { MeasuredRound } from './round-values.ts'
import { summarizeMetrics, type MetricSummary, type QuantileEstimates } from './summarize-metrics.ts'
import { sweepsOf, type Sweep } from './sweep.ts'

export { summaryQuantiles, type SummaryQuantile } from './summary-quantiles.ts'

/**
 * Differences inside ±2 µs do not matter unless told otherwise: a fiftieth of what the cheapest component costs, and
 * what 20 rounds of interleaved requests resolve. A wider band would call a true 10 µs "same".
 */
export const defaultDeltaNs = 2000

/** One path under one load over the rounds of a run; times in ns. */
export interface PathSummary {
  readonly path: string
  readonly load: string
  readonly hops: number
  readonly components: readonly Component[]
  readonly controlOf?: string | undefined
  /** Requests in the warm histograms, all rounds. */
  readonly requests: number
  /** Of the whole time of a request: what `warm` histograms hold. */
  readonly quantiles: QuantileEstimates
  /** The same over rounds without flags; null when no round has one. */
  readonly valid: QuantileEstimates | null
  /** Rounds in which the path was proven, shown to be another, or neither. */
  readonly verdicts: Readonly<Record<'proven' | 'mismatch' | 'unproven', number>>
}

/** What going from one path to the next costs at p50: paired by round. */
export interface StepSummary {
  readonly load: string
  readonly from: string
  readonly to: string
  /** Kinds of components that the second path has beyond the first, e.g. `2 ztunnels`; empty when none. */
  readonly adds: readonly string[]
  readonly comparison: Comparison
}

export interface RunSummary {
  readonly id: string
  readonly scenario: string
  readonly title: string
  readonly engine: string
  /** Stand-ins forwarded the bytes. */
  readonly simulated: boolean
  /** CPU counters moved too seldom to tell rounds apart. */
  readonly coarseCpu: boolean
  readonly status: RunResult['status']
  readonly reason?: string | undefined
  readonly startedAt: string
  readonly seed: number
  readonly builds: number
  readonly rounds: number
  readonly flaggedRounds: number
  readonly delayMethod: string
  readonly loadBalancer: string
  /** Pods per client that sent load at the same time. */
  readonly clients: number
  readonly deltaNs: number
  readonly paths: readonly PathSummary[]
  readonly steps: readonly StepSummary[]
  /** The A/A control of each load: what two measurements of one path differ by. */
  readonly controls: readonly StepSummary[]
  /** Every time that the loads measure, `paths` and `steps` among them. */
  readonly metrics: readonly MetricSummary[]
  /** CPU time per request of each component, by load. */
  readonly cpu: readonly CpuCost[]
  /** Closed loops, path by path. */
  readonly sweeps: readonly Sweep[]
  /** How often each flag was given. */
  readonly flags: Readonly<Record<string, number>>
  /** Components that a CPU quota kept from running, and for how long in all. */
  readonly throttled: readonly { readonly component: Component; readonly throttledMs: number }[]
  readonly backend: RunResult['backend']
  readonly unreachable: readonly {
    readonly path: string
    readonly confirmed: boolean
    readonly observed: string
  }[]
}

/** The ladder of a run: every path with its interval, and what each step costs. Pure; pairs values by round. */
export function summarizeRun(result: RunResult, options: { readonly deltaNs?: number } = {}): RunSummary {
  const deltaNs = options.deltaNs ?? defaultDeltaNs
  const [firstBuild] = result.builds
  const measured = result.paths.filter((path) => path.hops !== null)
  const ladder = measured
    .filter((path) => path.controlOf === undefined)
    .toSorted((a, b) => (a.hops ?? 0) - (b.hops ?? 0))
  const controls = measured.filter((path) => path.controlOf !== undefined)
  const pairs = {
    paths: [...ladder, ...controls].map((path) => path.name),
    steps: ladder.slice(1).map((to, i) => [ladder[i]!.name, to.name] as const),
    controls: controls
      // Of a pair of controls, the second against the first.
      .filter((path) => !measured.some((other) => other.controlOf === path.name))
      .map((path) => [path.controlOf ?? '', path.name] as const),
  }
  const metrics = result.loads.flatMap((load) => summarizeMetrics(result.measured, load, pairs, deltaNs))
  const latencies = metrics.filter(({ series }) => series === 'warm')
  const stepsOf = (kind: 'steps' | 'controls') =>
    latencies.flatMap((metric) =>
      metric[kind].map(({ from, to, comparison }): StepSummary => ({
        load: metric.load,
        from,
        to,
        adds: addedComponents(expectedOf(result, from), expectedOf(result, to)),
        comparison,
      })),
    )
  return {
    id: result.id,
    scenario: result.scenario.name,
    title: result.scenario.title,
    engine: firstBuild ? `${firstBuild.engine.name} ${firstBuild.engine.version}` : 'none',
    simulated: isSimulated(result),
    coarseCpu: hasCoarseCpu(result),
    status: result.status,
    reason: result.reason,
    startedAt: result.startedAt,
    seed: result.seed,
    builds: result.builds.length,
    rounds: result.measured.length,
    flaggedRounds: result.measured.filter((round) => round.flags.length > 0).length,
    delayMethod: firstBuild?.delayMethod ?? 'none',
    loadBalancer: firstBuild?.loadBalancer ?? 'none',
    clients: result.clients ?? 1,
    deltaNs,
    paths: latencies.flatMap((latency) =>
      [...ladder, ...controls].flatMap((path) => summarizePath(result.measured, path, latency)),
    ),
    steps: stepsOf('steps'),
    controls: stepsOf('controls'),
    metrics,
    cpu: cpuPerRequest(result),
    sweeps: sweepsOf(result),
    flags: countFlags(result.measured),
    throttled: sumThrottled(result.measured),
    backend: result.backend,
    unreachable: result.unreachable.map(({ path, confirmed, observed }) => ({ path, confirmed, observed })),
  }
}

function summarizePath(
  rounds: readonly MeasuredRound[],
  path: RunResult['paths'][number],
  latency: MetricSummary | undefined,
): PathSummary[] {
  const own = latency?.paths.find((p) => p.path === path.name)
  if (!latency || !own) return []
  const verdicts = { proven: 0, mismatch: 0, unproven: 0 }
  for (const item of rounds.flatMap((round) => round.evidence)) {
    if (item.path === path.name) verdicts[item.verdict] += 1
  }
  return [
    {
      path: path.name,
      load: latency.load,
      hops: path.hops ?? 0,
      components: path.expected,
      controlOf: path.controlOf,
      requests: own.count,
      quantiles: own.quantiles,
      valid: own.valid,
      verdicts,
    },
  ]
}

function countFlags(rounds: readonly MeasuredRound[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const flag of rounds.flatMap((round) => round.flags)) counts[flag] = (counts[flag] ?? 0) + 1
  return counts
}

function sumThrottled(rounds: readonly MeasuredRound[]): RunSummary['throttled'] {
  const sums = new Map<string, RunSummary['throttled'][number]>()
  for (const { component, throttledMs } of rounds.flatMap((round) => round.throttled ?? [])) {
    const key = componentKey(component)
    sums.set(key, { component, throttledMs: (sums.get(key)?.throttledMs ?? 0) + throttledMs })
  }
  return [...sums.values()]
}

function expectedOf(result: RunResult, name: string): readonly Component[] {
  return result.paths.find((path) => path.name === name)?.expected ?? []
}

function addedComponents(from: readonly Component[], to: readonly Component[]): string[] {
  const kinds = [...new Set(to.map((component) => component.kind))]
  return kinds.flatMap((kind) => {
    const count = (list: readonly Component[]) => list.filter((c) => c.kind === kind).length
    const added = count(to) - count(from)
    if (added <= 0) return []
    return [added === 1 ? componentTitle(kind) : `${added} ${componentTitle(kind)}s`]
  })
}
