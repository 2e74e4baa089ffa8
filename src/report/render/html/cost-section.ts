import type { ChartedRun } from '../../charts/chart-module.ts'
import { costTables } from '../../tables/costs.ts'
import { pathTable } from '../../tables/paths.ts'
import { stepTable } from '../../tables/steps.ts'
import { costRemarks } from '../../words/cost-remarks.ts'
import { shownMetrics } from '../../words/shown-metrics.ts'
import { safe, type Markup } from './markup.ts'
import { renderHtml } from './table.ts'

/** CPU time per request, and sweeps over connections; empty where the run does not know. */
export function costSection({ summary }: ChartedRun): Markup {
  const tables = costTables(summary).map(renderHtml)
  if (tables.length === 0) return safe``
  return safe`${tables}${costRemarks(summary).map((remark) => safe`<p>${remark}</p>`)}`
}

/** Times of a load beside the whole time of a request: connecting, first byte, response, lag. */
export function otherTimes({ summary }: ChartedRun): Markup {
  const metrics = shownMetrics(summary).filter(({ series }) => series !== 'warm')
  return safe`${metrics.map((metric) => {
    const steps = stepTable(summary, metric)
    return safe`${renderHtml(pathTable(summary, metric))}${steps ? renderHtml(steps) : undefined}`
  })}`
}
