import type { RunResult } from '../../../results/schema.ts'
import type { RunComparison } from '../../../analysis/compare-runs.ts'
import { summaryQuantileNames } from '../../../analysis/summary-quantiles.ts'
import type { PathSummary, RunSummary, StepSummary } from '../../../analysis/summarize-run.ts'
import type { Comparison } from '../../../stats/comparison.ts'
import type { VariantsBeside } from '../../../analysis/variants-beside.ts'
import { othersOf } from '../../words/variants.ts'
import type { ChartModule, ChartSubject } from '../chart-module.ts'
import { deltaChart, deltaHeight } from '../delta.ts'
import type { DeltaModel, DeltaRow } from '../delta-model.ts'
import { runCaption, runCaptions } from '../models/captions.ts'
import { comparisonTitle, deltaTitle, variantTitle } from '../models/findings.ts'
import { differenceOf, intervalsNote } from '../models/shared.ts'

export const delta: ChartModule<'delta', DeltaModel> = {
  kind: 'delta',
  purpose: 'Which differences are real: the estimate, its interval and the verdict.',
  note: 'A square is the estimate, the line its interval. An interval clear of zero is a difference.',
  section: 'differences',
  per: 'load',
  modelOf,
  draw: deltaChart,
  height: deltaHeight,
}

function modelOf({ run: { result, summary }, load }: ChartSubject): DeltaModel {
  if (summary.variants) return variantModel(result, summary, summary.variants, load)
  const row = (group: string) => (step: StepSummary) => ({
    group,
    label: `${step.to} − ${step.from}`,
    ...shownIn(step.comparison),
  })
  const isOwn = (step: StepSummary) => step.load === load
  const deltaNs = summary.margin.deltaNs ?? 0
  const band = `Grey band: ±${deltaNs / 1e3} µs, too little to matter.`
  const note = intervalsNote(summary.steps.filter(isOwn).map((step) => step.comparison))
  const remark = `differences of p50, paired by round, with ${note}`
  const captions = runCaptions(result, deltaTitle(summary, load), load, [remark])
  return {
    ...captions,
    caption: `${band} ${captions.caption}`,
    negligibleNs: deltaNs,
    rows: [
      ...summary.steps.filter(isOwn).map(row('each step')),
      ...summary.paths.filter((path) => path.load === load).flatMap(floorRow),
    ],
  }
}

/**
 * Variants of a run beside the first: one group per quantile, and per variant where there are several others. Of
 * versions that stood in turn first the steps, in which what the host does cancels, and of levels only the median.
 */
function variantModel(
  result: RunResult,
  summary: RunSummary,
  beside: VariantsBeside,
  load: string,
): DeltaModel {
  const others = othersOf(beside)
  const rows = beside.rows.filter((row) => row.load === load && row.isHeadline)
  const deltaNs = summary.margin.deltaNs ?? 0
  const metric = rows[0]?.metric ?? 'latency'
  const shown = summaryQuantileNames.filter((quantile) =>
    beside.areSwitched ? quantile === 'p50' : others.length < 3 || quantile !== 'p90',
  )
  const remark = `${metric === 'latency' ? '' : `${metric}: `}paired by ${beside.areSwitched ? 'restart' : 'round'}, with ${intervalsNote(rows.map(({ comparison }) => comparison))}`
  const captions = runCaptions(result, variantTitle(beside, load), load, [remark])
  const groups = shown.flatMap((quantile) => others.map(({ name }) => ({ quantile, variant: name })))
  return {
    ...captions,
    caption: `Grey band: ±${deltaNs / 1e3} µs, too little to matter. ${captions.caption}`,
    negligibleNs: deltaNs,
    rows: [
      ...beside.steps
        .filter((step) => step.load === load)
        .map(({ from, to, variant, comparison }) => ({
          group: others.length > 1 ? `steps, ${variant}` : 'steps',
          label: `${from} → ${to}`,
          ...shownIn(comparison),
        })),
      ...groups.flatMap(({ quantile, variant }) =>
        rows
          .filter((row) => row.quantile === quantile && row.variant === variant)
          .map((row) => ({
            group: others.length > 1 ? `${quantile}, ${variant}` : quantile,
            label: row.path,
            ...shownIn(row.comparison),
          })),
      ),
    ],
  }
}

function shownIn(comparison: Comparison): Pick<DeltaRow, 'differenceNs' | 'verdict'> {
  return { differenceNs: differenceOf(comparison), verdict: comparison.verdict }
}

/** A path against itself: two random halves of its requests. */
function floorRow({ path, floor }: PathSummary): DeltaModel['rows'] {
  if (floor === null) return []
  const differenceNs = differenceOf(floor.comparison)
  return [{ group: 'a path against itself', label: path, differenceNs, verdict: null }]
}

/** Forest plot of a comparison of runs: one group per quantile, one row per path and load. */
export function comparisonModel(comparison: RunComparison, baseline: RunResult, deltaNs: number): DeltaModel {
  const headlines = comparison.rows.filter((row) => row.isHeadline)
  const loads = new Set(headlines.map((row) => row.load))
  const quantiles = [...new Set(headlines.map((row) => row.quantile))]
  return {
    title: comparisonTitle(comparison),
    subtitle:
      'Each path over the path with the fewest components, at the level of the first runs, so that what the host does to all cancels. 95% intervals.',
    caption: `Grey band: ±${deltaNs / 1e3} µs, too little to matter. ${runCaption(baseline)}`,
    negligibleNs: deltaNs,
    rows: quantiles.flatMap((quantile) =>
      headlines
        .filter((row) => row.quantile === quantile)
        .map((row) => ({
          group: quantile,
          label:
            (row.relativeTo === null ? row.path : `${row.path} / ${row.relativeTo}`) +
            (loads.size > 1 ? ` (${row.load})` : ''),
          ...shownIn(row.comparison),
        })),
    ),
  }
}
