import type { MetricStep, MetricSummary } from '../../analysis/summarize-metrics.ts'
import type { RunSummary } from '../../analysis/summarize-run.ts'
import { differenceColumns, textColumn } from './columns.ts'
import { tableOf, type Column, type Table } from './table.ts'

/** What going from one path to the next costs in one metric of a load; undefined for a single path. */
export function stepTable(summary: RunSummary, metric: MetricSummary): Table | undefined {
  const { steps } = metric
  if (steps.length === 0) return undefined
  const hasQuantiles = new Set(steps.map((step) => step.quantile)).size > 1
  const columns: readonly Column<MetricStep>[] = [
    textColumn('step', ({ from, to }) => `${from} → ${to}`),
    textColumn('adds', (step) => addedText(summary, metric, step)),
    { heading: 'quantile', cell: ({ quantile }) => quantile, isShown: hasQuantiles },
    ...differenceColumns<MetricStep>(hasQuantiles ? 'µs' : 'p50 µs', (step) => step.comparison),
  ]
  const what = metric.series === 'warm' ? '' : ` in ${metric.name}`
  return tableOf(
    `What each step costs${what} under the load ${metric.load}, paired by round, at the run’s level`,
    columns,
    steps,
  )
}

/** What the second path of a step has beyond the first. */
export function addedText(summary: RunSummary, { load }: MetricSummary, { from, to }: MetricStep): string {
  const step = summary.steps.find((s) => s.load === load && s.from === from && s.to === to)
  return step === undefined || step.adds.length === 0 ? 'nothing' : step.adds.join(', ')
}
