import { isProven } from '../evidence/is-proven.ts'
import { enginesOf } from '../results/build-traits.ts'
import { incomparable } from '../results/comparable.ts'
import type { EvidenceDigest, RunResult } from '../results/schema.ts'
import { takeVariant } from '../results/take-variant.ts'
import { variantNames } from '../results/variants.ts'
import type { Comparison } from '../stats/comparison.ts'
import { summarizeLatency, type Estimate } from '../stats/summarize-series.ts'
import type { Component } from '../topology/model.ts'
import { compareRuns } from './compare-runs.ts'
import { comparePathPairs, variantPairs } from './compare-paths.ts'
import { headlineOf } from './metrics.ts'
import { seriesValues } from './round-values.ts'

/** Whether a path took the way of the path rule under one version. */
export type Behaviour =
  | 'as expected'
  /** It was seen to take another way. */
  | 'another way'
  /** Not shown in every round, and no other way either. */
  | 'not proven'
  /** It must not exist, and does not. */
  | 'unreachable'
  /** It must not exist, and answered. */
  | 'reachable'
  | 'not measured'

/** A version or variant, as one run measured it. */
export interface MatrixColumn {
  readonly label: string
  readonly run: string
  readonly variant: string | null
  /** e.g. `istio 1.31.0`. */
  readonly engine: string
}

/** One way that was observed. */
export interface ObservedWay {
  readonly components: readonly Component[]
  readonly protocol: EvidenceDigest['sample']['observedProtocol']
}

export interface MatrixCell {
  readonly behaviour: Behaviour
  /** Each way once; empty where nothing was observed. */
  readonly observed: readonly ObservedWay[]
  /** Why it is not as expected, in the words of the evidence. */
  readonly reasons: readonly string[]
  /** Rounds of each verdict. */
  readonly verdicts: Readonly<Record<'proven' | 'mismatch' | 'unproven', number>>
  /** Of the metric that the load is for, ns; null where it was not measured. */
  readonly p50: Estimate | null
  /** With the first column; null for that, and where the two must not be compared. */
  readonly comparison: Comparison | null
}

export interface MatrixRow {
  readonly path: string
  /** What the path rule says; null where no path must exist. */
  readonly expected: readonly Component[] | null
  /** Why it must not exist. */
  readonly unreachableBecause?: string | undefined
  /** One for each column. */
  readonly cells: readonly MatrixCell[]
}

/** Paths × versions under one load. Times in ns. */
export interface Matrix {
  readonly load: string
  readonly columns: readonly MatrixColumn[]
  readonly rows: readonly MatrixRow[]
  /** Why columns are not compared with the first, each once. */
  readonly refusals: readonly string[]
}

/** Which run, and which of its variants: all unless given. */
export interface MatrixSource {
  readonly run: RunResult
  readonly variant?: string | undefined
}

interface Part extends MatrixColumn {
  /** The variant as a run of its own, or the run. */
  readonly own: RunResult
  readonly whole: RunResult
}

/** How each path behaved under every version or variant of these runs, and what it cost beside the first. Pure. */
export function behaviourMatrices(sources: readonly MatrixSource[]): readonly Matrix[] {
  const parts = withDistinctLabels(sources.flatMap(partsOf))
  const [first] = parts
  if (!first) return []
  return first.own.loads.map(({ id }) => matrixOf(parts, first, id))
}

function partsOf({ run, variant }: MatrixSource): readonly Part[] {
  const names = variant === undefined ? variantNames(run) : [variant]
  const of = (own: RunResult, name: string | null): Part => {
    const engine = enginesOf(own) ?? 'no engine'
    return { label: name ?? engine, run: run.id, variant: name, engine, own, whole: run }
  }
  return names.length === 0 ? [of(run, null)] : names.map((name) => of(takeVariant(run, name), name))
}

/** Two runs of one version are two columns. */
function withDistinctLabels(parts: readonly Part[]): readonly Part[] {
  const isTwice = (label: string) => parts.filter((part) => part.label === label).length > 1
  return parts.map((part) => (isTwice(part.label) ? { ...part, label: `${part.label} (${part.run})` } : part))
}

function matrixOf(parts: readonly Part[], first: Part, load: string): Matrix {
  const names = [
    ...new Set(
      parts.flatMap(({ own }) => own.paths.filter((p) => p.controlOf === undefined)).map(({ name }) => name),
    ),
  ]
  const compared = parts.map((part) => comparedWith(first, part, load))
  const rows = names.map((name): MatrixRow => {
    const planned = parts.flatMap(({ own }) => own.paths).find((path) => path.name === name)
    return {
      path: name,
      expected: planned === undefined || planned.hops === null ? null : planned.expected,
      ...(planned?.unreachableBecause === undefined
        ? {}
        : { unreachableBecause: planned.unreachableBecause }),
      cells: parts.map((part, i) => ({
        ...behaviourOf(part.own, name),
        p50: levelOf(part.own, name, load),
        comparison: compared[i]?.comparisons.get(name) ?? null,
      })),
    }
  })
  return {
    load,
    columns: parts.map(({ label, run, variant, engine }) => ({ label, run, variant, engine })),
    rows: rows.toSorted((a, b) => (a.expected?.length ?? 99) - (b.expected?.length ?? 99)),
    refusals: [...new Set(compared.flatMap(({ refusals }) => refusals))],
  }
}

interface Compared {
  readonly comparisons: ReadonlyMap<string, Comparison>
  readonly refusals: readonly string[]
}

/** Variants of one run by pairs within it; of separate runs what cancels the host: ratios to the first path. */
function comparedWith(first: Part, part: Part, load: string): Compared {
  const none: Compared = { comparisons: new Map(), refusals: [] }
  if (part === first) return none
  const chosen = (row: { readonly load: string; readonly isHeadline: boolean; readonly quantile: string }) =>
    row.load === load && row.isHeadline && row.quantile === 'p50'
  if (part.whole === first.whole && first.variant !== null && part.variant !== null) {
    const pairs = variantPairs(part.whole, first.variant, part.variant)
    const { rows } = comparePathPairs(part.whole, pairs)
    const own = rows.filter(chosen).map(({ path, comparison }) => [path, comparison] as const)
    return { ...none, comparisons: new Map(own) }
  }
  const refusals = incomparable(first.own, part.own).map(({ message }) => message)
  if (refusals.length > 0) return { ...none, refusals }
  const takenOutOf = ({ own, whole }: Part) => (own === whole ? {} : { takenOutOf: [whole] })
  const { rows } = compareRuns(
    { label: first.label, runs: [first.own], ...takenOutOf(first) },
    { label: part.label, runs: [part.own], ...takenOutOf(part) },
  )
  const own = rows.filter(chosen).map(({ path, comparison }) => [path, comparison] as const)
  return { ...none, comparisons: new Map(own) }
}

function behaviourOf(run: RunResult, name: string): Omit<MatrixCell, 'p50' | 'comparison'> {
  const evidence = run.evidence.filter(({ path }) => path === name)
  // A run that stopped at its first proof has seen the path all the same.
  const proofs = run.proofs.flatMap((proof) => proof.evidence).filter(({ path }) => path === name)
  const seen = evidence.length > 0 ? evidence.map(({ sample }) => sample) : proofs
  const sum = (verdict: 'proven' | 'mismatch' | 'unproven') =>
    evidence.reduce((total, digest) => total + digest[verdict], 0)
  const verdicts = { proven: sum('proven'), mismatch: sum('mismatch'), unproven: sum('unproven') }
  const observed = new Map(
    seen.map(({ observed: components, observedProtocol: protocol }) => [
      JSON.stringify([components, protocol]),
      { components, protocol },
    ]),
  )
  return {
    behaviour: whichBehaviour(run, name, seen),
    observed: [...observed.values()],
    reasons: [...new Set(seen.flatMap(({ verdict, reasons }) => (verdict === 'proven' ? [] : reasons)))],
    verdicts,
  }
}

function whichBehaviour(
  run: RunResult,
  name: string,
  seen: readonly Pick<EvidenceDigest['sample'], 'verdict'>[],
): Behaviour {
  const tried = run.unreachable.filter(({ path }) => path === name)
  if (tried.length > 0) return tried.every(({ confirmed }) => confirmed) ? 'unreachable' : 'reachable'
  if (seen.some(({ verdict }) => verdict === 'mismatch')) return 'another way'
  if (isProven(run, name)) return 'as expected'
  return seen.length === 0 ? 'not measured' : 'not proven'
}

function levelOf(run: RunResult, path: string, load: string): Estimate | null {
  const profile = run.loads.find(({ id }) => id === load)?.profile
  if (profile === undefined) return null
  const metric = headlineOf(profile).series
  const estimate = summarizeLatency(seriesValues(run.measured, { path, load, quantile: 'p50', metric }))
  return estimate.estimate === null ? null : estimate
}
