import type { RunResult } from '../results/schema.ts'
import { componentTitle } from '../topology/component.ts'
import type { Component } from '../topology/model.ts'
import { comparePairedNested } from './compare-nested.ts'
import { decideFamily } from './decide-family.ts'
import type { Comparison } from './comparison.ts'
import { valueOf, valuesByBuild, type MeasuredRound } from './round-values.ts'
import { summarizeLatency, type NestedEstimate } from './summarize-nested.ts'

/**
 * Differences inside ±2 µs do not matter unless told otherwise: a fiftieth of what the cheapest component costs, and
 * what 20 rounds of interleaved requests resolve. A wider band would call a true 10 µs "same".
 */
export const defaultDeltaNs = 2000

export const summaryQuantiles = { p50: 0.5, p90: 0.9, p99: 0.99 } as const
export type SummaryQuantile = keyof typeof summaryQuantiles

/** One path under one load over the rounds of a run; times in ns. */
export interface PathSummary {
  readonly path: string
  readonly load: string
  readonly hops: number
  readonly components: readonly Component[]
  readonly controlOf?: string | undefined
  /** Requests in the warm histograms, all rounds. */
  readonly requests: number
  readonly quantiles: Readonly<Record<SummaryQuantile, NestedEstimate>>
  /** The same over rounds without flags; null when no round has one. */
  readonly valid: Readonly<Record<SummaryQuantile, NestedEstimate>> | null
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
  readonly status: RunResult['status']
  readonly reason?: string | undefined
  readonly startedAt: string
  readonly seed: number
  readonly builds: number
  readonly rounds: number
  readonly flaggedRounds: number
  readonly delayMethod: string
  readonly loadBalancer: string
  readonly deltaNs: number
  readonly paths: readonly PathSummary[]
  readonly steps: readonly StepSummary[]
  /** The A/A control of each load: what two measurements of one path differ by. */
  readonly controls: readonly StepSummary[]
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
  const step = (load: string, from: string, to: string): StepSummary => ({
    load,
    from,
    to,
    adds: addedComponents(expectedOf(result, from), expectedOf(result, to)),
    comparison: compareStep(result.measured, load, from, to, deltaNs),
  })
  const loads = result.loads.map((load) => load.id)
  const pairs = loads.flatMap((load) =>
    ladder.slice(1).map((to, i) => ({ load, from: ladder[i]!.name, to: to.name })),
  )
  const steps = pairs.map(({ load, from, to }) => step(load, from, to))
  const decided = decideFamily(steps.map((s) => s.comparison))
  return {
    id: result.id,
    scenario: result.scenario.name,
    title: result.scenario.title,
    engine: firstBuild ? `${firstBuild.engine.name} ${firstBuild.engine.version}` : 'none',
    status: result.status,
    reason: result.reason,
    startedAt: result.startedAt,
    seed: result.seed,
    builds: result.builds.length,
    rounds: result.measured.length,
    flaggedRounds: result.measured.filter((round) => round.flags.length > 0).length,
    delayMethod: firstBuild?.delayMethod ?? 'none',
    loadBalancer: firstBuild?.loadBalancer ?? 'none',
    deltaNs,
    paths: loads.flatMap((load) =>
      [...ladder, ...measured.filter((path) => path.controlOf !== undefined)].map((path) =>
        summarizePath(result.measured, path, load),
      ),
    ),
    steps: steps.map((s, i) => ({ ...s, comparison: decided[i] ?? s.comparison })),
    controls: loads.flatMap((load) =>
      measured
        // Of a pair of controls, the second against the first.
        .filter((path) => !measured.some((other) => other.controlOf === path.name))
        .flatMap((path) => (path.controlOf === undefined ? [] : [step(load, path.controlOf, path.name)])),
    ),
    unreachable: result.unreachable.map(({ path, confirmed, observed }) => ({ path, confirmed, observed })),
  }
}

function summarizePath(
  rounds: readonly MeasuredRound[],
  path: RunResult['paths'][number],
  load: string,
): PathSummary {
  const estimates = (chosen: readonly MeasuredRound[]) => {
    const own = chosen.flatMap((round) => round.paths.filter((p) => p.path === path.name && p.load === load))
    const requestsPerRound = own.map((p) => p.n)
    const estimate = (name: SummaryQuantile) =>
      summarizeLatency(valuesByBuild(chosen, { path: path.name, load, quantile: name }), {
        quantile: summaryQuantiles[name],
        requestsPerRound,
      })
    return { p50: estimate('p50'), p90: estimate('p90'), p99: estimate('p99') }
  }
  const valid = rounds.filter((round) => round.flags.length === 0)
  const own = rounds.flatMap((round) => round.paths.filter((p) => p.path === path.name && p.load === load))
  const verdicts = { proven: 0, mismatch: 0, unproven: 0 }
  for (const item of rounds.flatMap((round) => round.evidence)) {
    if (item.path === path.name) verdicts[item.verdict] += 1
  }
  return {
    path: path.name,
    load,
    hops: path.hops ?? 0,
    components: path.expected,
    controlOf: path.controlOf,
    requests: own.reduce((sum, p) => sum + p.n, 0),
    quantiles: estimates(rounds),
    valid: valid.length === 0 ? null : estimates(valid),
    verdicts,
  }
}

/** p50 of two paths of one run, paired by round: `to` minus `from`. Rounds that lack either are left out. */
function compareStep(
  rounds: readonly MeasuredRound[],
  load: string,
  from: string,
  to: string,
  deltaNs: number,
): Comparison {
  const both = rounds.filter((round) =>
    [from, to].every((path) => valueOf(round, { path, load, quantile: 'p50' }) !== null),
  )
  const values = (path: string) => valuesByBuild(both, { path, load, quantile: 'p50' })
  return comparePairedNested(values(from), values(to), { deltaNs })
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
