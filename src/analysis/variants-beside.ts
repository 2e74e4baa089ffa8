import type { RunResult } from '../results/schema.ts'
import { variantEngine, variantNames } from '../results/variants.ts'
import type { AskedMargin } from './asked-margin.ts'
import { comparePathPairs, variantPairs, type PathPair } from './compare-paths.ts'
import type { ComparisonRow } from './compared-series.ts'
import type { Costs } from '../stats/design.ts'
import type { ErrorShares } from './error-share.ts'
import { floorAround } from './floor-around.ts'
import { metricNames } from './metrics.ts'
import { spreadOf, type Spread } from './run-spread.ts'
import type { MetricSummary } from './summarize-metrics.ts'
import { switchedSteps, type SwitchedStep } from './switched-steps.ts'

/** One variant as it stood. */
export interface VariantFacts {
  readonly name: string
  /** e.g. `lab-ztunnel 1.31.0`; null before anything stood. */
  readonly engine: string | null
  readonly loadBalancer: string
  /** What was asked of it. */
  readonly settings: Readonly<Record<string, string>>
}

/** A path of the scenario in one variant beside the same path in the first. Times in ns. */
export interface VariantRow extends ComparisonRow {
  readonly variant: string
  /** Where its spread comes from, and the cheapest run that would decide it; of p50 of the whole time only. */
  readonly spread: Spread | null
  /** The noise floor that the difference is not clear of, ns; null when it is clear of both its paths', or has none. */
  readonly withinFloorNs: number | null
}

/** Variants that stood side by side: each against the first. */
export interface VariantsBeside {
  /** They stood one after the other, so that restarts are pairs and rounds are not. */
  readonly areSwitched: boolean
  /** Name of the first, with which the others are compared. */
  readonly baseline: string
  readonly variants: readonly VariantFacts[]
  /** Every path × other variant × load × metric × quantile. */
  readonly rows: readonly VariantRow[]
  /** Every step × other version × load, where they stood one after the other; else empty, since paths met in rounds. */
  readonly steps: readonly SwitchedStep[]
  readonly errors: readonly (ErrorShares & { readonly variant: string })[]
}

/** Each path of the scenario in every variant beside the first; undefined for a run without variants. Pure. */
export function variantsBeside(
  run: RunResult,
  metrics: readonly MetricSummary[],
  margin: AskedMargin,
  costs: Costs | null,
): VariantsBeside | undefined {
  const [baseline, ...others] = variantNames(run)
  if (baseline === undefined) return undefined
  const pairs = others.flatMap((variant) =>
    variantPairs(run, baseline, variant).map((pair) => ({ ...pair, variant })),
  )
  const { rows, errors } = comparePathPairs(run, pairs, { ...margin, metrics: metricNames })
  return {
    areSwitched: run.switched === true,
    steps: run.switched === true ? switchedSteps(run, metrics, [baseline, ...others], margin) : [],
    baseline,
    variants: (run.variants ?? []).map(({ name, settings }) => ({
      name,
      settings,
      engine: variantEngine(run, name) ?? null,
      loadBalancer: run.builds[0]?.variants?.find((own) => own.name === name)?.loadBalancer ?? 'none',
    })),
    rows: rows.flatMap(({ pair, ...row }): VariantRow[] => {
      const metric = metrics.find(({ load, name }) => load === row.load && name === row.metric)
      return metric ? [{ ...row, variant: pair.variant, ...doubtsOf(pair, row, metric) }] : []
    }),
    errors: errors.map(({ pair: { variant }, ...shares }) => ({ ...shares, variant })),
  }

  function doubtsOf(
    { from, to }: PathPair,
    { load, quantile, comparison }: ComparisonRow,
    metric: MetricSummary,
  ): Pick<VariantRow, 'spread' | 'withinFloorNs'> {
    if (metric.series !== 'warm' || quantile !== 'p50') return { spread: null, withinFloorNs: null }
    return {
      spread: spreadOf(run.measured, { from, to, load }, comparison, costs),
      withinFloorNs: floorAround(metric, [from, to], comparison),
    }
  }
}
