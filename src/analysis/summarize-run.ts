import type { ProfileName } from '../load/profiles.ts'
import { enginesOf, hasCoarseCpu, isSimulated, loadBalancersOf } from '../results/build-traits.ts'
import { failedOf, type Outcomes } from '../results/outcomes.ts'
import type { RunResult } from '../results/schema.ts'
import { ladderPaths } from '../results/variants.ts'
import { componentKey, componentTitle } from '../topology/component.ts'
import type { Component } from '../topology/model.ts'
import { marginOf, type AskedMargin } from './asked-margin.ts'
import type { Comparison, Margin } from '../stats/comparison.ts'
import { cpuPerRequest, type CpuCost } from './cpu-per-request.ts'
import type { Costs } from '../stats/design.ts'
import { floorAround } from './floor-around.ts'
import { judgedWithErrors, outcomesOfPath } from './error-share.ts'
import type { Unit } from '../stats/nested.ts'
import type { MeasuredRound } from './round-values.ts'
import { scaleBetween } from './path-scale.ts'
import { costsOf, spreadOf, type Spread } from './run-spread.ts'
import {
  summarizeMetrics,
  type MetricStep,
  type MetricSummary,
  type NoiseFloor,
  type QuantileEstimates,
} from './summarize-metrics.ts'
import { sweepsOf, type Sweep } from './sweep.ts'
import { variantsBeside, type VariantsBeside } from './variants-beside.ts'

/** One path under one load over the rounds of a run; times in ns. */
export interface PathSummary {
  readonly path: string
  /** Which of the variants this is, and what the path is called in the scenario; absent without variants. */
  readonly variant?: string | undefined
  readonly scenarioPath?: string | undefined
  readonly load: string
  readonly hops: number
  readonly components: readonly Component[]
  /** Requests in the warm histograms, all rounds. */
  readonly requests: number
  /** Of the whole time of a request: what `warm` histograms hold. */
  readonly quantiles: QuantileEstimates
  /** The same over rounds without flags; null when no round has one. */
  readonly valid: QuantileEstimates | null
  /** What the path differs from itself by; null where that was not measured. */
  readonly floor: NoiseFloor | null
  /** Rounds in which the path was proven, shown to be another, or neither. */
  readonly verdicts: Readonly<Record<'proven' | 'mismatch' | 'unproven', number>>
}

/** What going from one path to the next costs at p50: paired by round, over restarts. */
export interface StepSummary {
  readonly load: string
  readonly from: string
  readonly to: string
  /** Kinds of components that the second path has beyond the first, e.g. `2 ztunnels`; empty when none. */
  readonly adds: readonly string[]
  readonly comparison: Comparison
  /** Where its spread comes from, and the cheapest run that would decide it; null without rounds to tell from. */
  readonly spread: Spread | null
  /** The noise floor that the step is not clear of, ns; null when it is clear of both its paths'. */
  readonly withinFloorNs: number | null
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
  /** Starts of all programs, in all builds. */
  readonly restarts: number
  readonly rounds: number
  /** What intervals are over, and so what they say something about. */
  readonly unit: Unit
  /** What a round, a restart and a build took, ms; null where the run does not tell. */
  readonly costs: Costs | null
  readonly flaggedRounds: number
  readonly delayMethod: string
  readonly loadBalancer: string
  /** Pods per client that sent load at the same time. */
  readonly clients: number
  readonly margin: Margin
  readonly loads: readonly { readonly id: string; readonly profile: ProfileName }[]
  readonly paths: readonly PathSummary[]
  readonly steps: readonly StepSummary[]
  /** Each path in every variant beside the first; absent for a run without variants. */
  readonly variants?: VariantsBeside | undefined
  /** Every time that the loads measure, `paths` and `steps` among them. */
  readonly metrics: readonly MetricSummary[]
  /** CPU time per request of each component, by load. */
  readonly cpu: readonly CpuCost[]
  /** Closed loops, path by path. */
  readonly sweeps: readonly Sweep[]
  /** Paths of which requests failed, by load; all rounds. */
  readonly failures: readonly { readonly path: string; readonly load: string; readonly outcomes: Outcomes }[]
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
export function summarizeRun(result: RunResult, options: AskedMargin = {}): RunSummary {
  const margin = marginOf(options)
  const [firstBuild] = result.builds
  const ladder = ladderPaths(result)
  const plan = {
    paths: ladder.map((path) => path.name),
    steps: ladder.slice(1).flatMap((to, i) => {
      const from = ladder[i]!
      // A step adds components. From the last path of one variant to the first of the next it would mix both.
      if (from.variant !== to.variant) return []
      return [{ from: from.name, to: to.name, scale: scaleBetween(from, to) }]
    }),
  }
  const metrics = result.loads
    .flatMap((load) => summarizeMetrics(result.measured, load, plan, margin))
    .map((metric) => withErrors(result, metric))
  const latencies = metrics.filter(({ series }) => series === 'warm')
  const costs = costsOf(result)
  const steps = latencies.flatMap((metric) =>
    metric.steps.map(({ from, to, comparison }): StepSummary => ({
      load: metric.load,
      from,
      to,
      adds: addedComponents(expectedOf(result, from), expectedOf(result, to)),
      comparison,
      spread: spreadOf(result.measured, { from, to, load: metric.load }, comparison, costs),
      withinFloorNs: floorAround(metric, [from, to], comparison),
    })),
  )
  const beside = variantsBeside(result, metrics, margin, costs)
  return {
    id: result.id,
    scenario: result.scenario.name,
    title: result.scenario.title,
    engine: enginesOf(result) ?? 'none',
    simulated: isSimulated(result),
    coarseCpu: hasCoarseCpu(result),
    status: result.status,
    reason: result.reason,
    startedAt: result.startedAt,
    seed: result.seed,
    builds: result.builds.length,
    restarts: restartsOf(result.measured),
    rounds: result.measured.length,
    unit: steps[0]?.comparison.unit ?? latencies[0]?.paths[0]?.quantiles.p50.unit ?? 'round',
    costs,
    flaggedRounds: result.measured.filter((round) => round.flags.length > 0).length,
    delayMethod: firstBuild?.delayMethod ?? 'none',
    loadBalancer: loadBalancersOf(result) ?? 'none',
    clients: result.clients ?? 1,
    margin: { deltaNs: margin.deltaNs ?? null, deltaShare: margin.deltaShare ?? null },
    loads: result.loads.map(({ id, profile }) => ({ id, profile })),
    paths: latencies.flatMap((latency) =>
      ladder.flatMap((path) => summarizePath(result.measured, path, latency)),
    ),
    steps,
    ...(beside === undefined ? {} : { variants: beside }),
    metrics,
    cpu: cpuPerRequest(result),
    sweeps: sweepsOf(result),
    failures: latencies.flatMap(({ load }) =>
      plan.paths.flatMap((path) => {
        const outcomes = outcomesOfPath([result], path, load)
        return failedOf(outcomes) === 0 ? [] : [{ path, load, outcomes }]
      }),
    ),
    flags: countFlags(result.measured),
    throttled: sumThrottled(result.measured),
    backend: result.backend,
    unreachable: result.unreachable.map(({ path, confirmed, observed }) => ({ path, confirmed, observed })),
  }
}

function restartsOf(rounds: readonly MeasuredRound[]): number {
  return new Set(rounds.map(({ build, restart = 1 }) => `${build}/${restart}`)).size
}

/** No verdict on latencies without the requests that failed beside it. */
function withErrors(result: RunResult, metric: MetricSummary): MetricSummary {
  const judged = (step: MetricStep): MetricStep => ({
    ...step,
    comparison: judgedWithErrors(
      step.comparison,
      [step.from, step.to].map((name) => ({ name, outcomes: outcomesOfPath([result], name, metric.load) })),
    ),
  })
  return { ...metric, steps: metric.steps.map(judged) }
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
      ...(path.variant === undefined ? {} : { variant: path.variant, scenarioPath: path.scenarioPath }),
      load: latency.load,
      hops: path.hops ?? 0,
      components: path.expected,
      requests: own.count,
      quantiles: own.quantiles,
      valid: own.valid,
      floor: own.floor,
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
