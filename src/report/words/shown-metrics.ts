import { isChosen } from '../../analysis/metrics.ts'
import type { MetricSummary } from '../../analysis/summarize-metrics.ts'
import type { RunSummary } from '../../analysis/summarize-run.ts'

export interface SummaryChoice {
  /** Names of metrics to show; the defaults of each load's profile unless given. */
  readonly metrics?: readonly string[] | undefined
}

export function shownMetrics(
  summary: RunSummary,
  { metrics = [] }: SummaryChoice = {},
): readonly MetricSummary[] {
  return summary.metrics.filter((metric) => isChosen(metric, metrics))
}

/** The load, and which time of it where the load has more than one. */
export function metricHeading(summary: RunSummary, { load, name, title }: MetricSummary): string {
  const isOnly = summary.metrics.filter((m) => m.load === load && m.isDefault).length === 1
  return isOnly && name === 'latency' ? load : `${load}, ${name}: ${title}`
}
