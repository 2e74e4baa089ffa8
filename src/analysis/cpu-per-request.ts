import { hasCoarseCpu } from '../results/build-traits.ts'
import type { RunResult } from '../results/schema.ts'
import { componentKey } from '../topology/component.ts'
import type { Component } from '../topology/model.ts'
import type { Nested } from '../stats/nested.ts'
import { nest, type MeasuredRound } from './round-values.ts'
import { summarizeLatency, type Estimate } from '../stats/summarize-series.ts'

export type CpuEstimate = Pick<Estimate, 'estimate' | 'low' | 'high'>

/** CPU time that one component took per request that passed it; ns. */
export interface CpuCost {
  /** null: of all loads of the run together, because counters were too coarse to tell them apart. */
  readonly load: string | null
  readonly component: Component
  /**
   * Paths of the turn that pass this component. With more than one, the cost is the mean over their requests: they
   * were sent in turns of a few milliseconds, and nothing says whose request the CPU time was for.
   */
  readonly paths: readonly string[]
  readonly perRequestNs: CpuEstimate
  /** The same over rounds without flags; null when no round has one. */
  readonly valid: CpuEstimate | null
}

interface Use {
  readonly load: string | null
  readonly component: Component
  readonly paths: readonly string[]
  readonly cpuMs: number
  readonly requests: number
}

/**
 * CPU time per request of each component on the measured paths, controls left out. Load generators are the client
 * pods. Runs of before 0.2 and testbeds with coarse counters have it per round only, and without load generators.
 */
export function cpuPerRequest(result: RunResult): readonly CpuCost[] {
  const { measured } = result
  if (measured.some((round) => round.turns !== undefined)) {
    return costs(measured, (round) => turnUses(result, round), summarizeLatency)
  }
  return costs(
    measured,
    (round) => roundUses(result, round),
    hasCoarseCpu(result) ? undefined : summarizeLatency,
  )
}

function turnUses(result: RunResult, round: MeasuredRound): Use[] {
  return (round.turns ?? []).flatMap((turn): Use[] => {
    const paths = turn.paths.flatMap((name) => result.paths.find((path) => path.name === name) ?? [])
    // Runs of before 0.2 had turns of an A/A control.
    if (paths.every((path) => path.controlOf !== undefined)) return []
    const use = (component: Component, cpuMs: number | null) =>
      useOf(round, component, paths, cpuMs, turn.load)
    const client = paths[0]?.client
    return [
      ...(client
        ? // One generator sends for the pods of all variants.
          useOver(
            round,
            { load: turn.load, component: { kind: 'client-pod', ...client } },
            turn.generatorCpuMs,
            {
              through: paths.map(({ name }) => name),
            },
          )
        : []),
      ...result.components.flatMap((component, i) => use(component, turn.componentCpuMs[i] ?? null)),
    ]
  })
}

function roundUses(result: RunResult, round: MeasuredRound): Use[] {
  const [only, ...others] = result.loads
  const load = others.length === 0 ? (only?.id ?? null) : null
  return result.components.flatMap((component, i) =>
    useOf(round, component, result.paths, round.componentCpuMs[i] ?? null, load),
  )
}

/** Nothing where no path passes the component. */
function useOf(
  round: MeasuredRound,
  component: Component,
  paths: RunResult['paths'],
  cpuMs: number | null,
  load: string | null,
): Use[] {
  const key = componentKey(component)
  const through = paths
    .filter((path) => path.expected.some((expected) => componentKey(expected) === key))
    .map((path) => path.name)
  return useOver(round, { load, component }, cpuMs, { through })
}

function useOver(
  round: MeasuredRound,
  { load, component }: Pick<Use, 'load' | 'component'>,
  cpuMs: number | null,
  { through }: { readonly through: readonly string[] },
): Use[] {
  if (cpuMs === null || through.length === 0) return []
  const requests = round.paths
    .filter((p) => through.includes(p.path) && (load === null || p.load === load))
    .reduce((sum, p) => sum + p.received + p.bad, 0)
  return [{ load, component, paths: through, cpuMs, requests }]
}

/** @param summarize undefined: all rounds are one observation */
function costs(
  rounds: readonly MeasuredRound[],
  usesOf: (round: MeasuredRound) => readonly Use[],
  summarize: ((values: Nested) => Estimate) | undefined,
): CpuCost[] {
  const groups = new Map<string, { first: Use; uses: { round: MeasuredRound; use: Use }[] }>()
  for (const round of rounds) {
    for (const use of usesOf(round)) {
      const key = JSON.stringify([use.load, componentKey(use.component), use.paths])
      const group = groups.get(key) ?? { first: use, uses: [] }
      groups.set(key, group)
      group.uses.push({ round, use })
    }
  }
  const estimate = (uses: readonly { round: MeasuredRound; use: Use }[]): CpuEstimate | null => {
    if (uses.length === 0) return null
    if (!summarize) return { estimate: ratioOfSums(uses.map(({ use }) => use)), low: null, high: null }
    const values = nest(
      uses.map(({ round: { build, restart }, use }) => ({ build, restart, use })),
      ({ use }) => (use.requests === 0 ? null : (use.cpuMs * 1e6) / use.requests),
    )
    const { estimate: value, low, high } = summarize(values)
    return { estimate: value, low, high }
  }
  return [...groups.values()].map(({ first: { load, component, paths }, uses }) => ({
    load,
    component,
    paths,
    perRequestNs: estimate(uses) ?? { estimate: null, low: null, high: null },
    // A sum of coarse counters cannot leave rounds out.
    valid: summarize ? estimate(uses.filter(({ round }) => round.flags.length === 0)) : null,
  }))
}

function ratioOfSums(uses: readonly Use[]): number | null {
  const sum = (of: (use: Use) => number) => uses.reduce((total, use) => total + of(use), 0)
  const requests = sum((use) => use.requests)
  return requests === 0 ? null : (sum((use) => use.cpuMs) * 1e6) / requests
}
