import { printable } from '../../../terminal-text.ts'
import type { RunSummary } from '../../../analysis/summarize-run.ts'
import { costTables } from '../../tables/costs.ts'
import { pathTable, pathsOf } from '../../tables/paths.ts'
import { stepTable } from '../../tables/steps.ts'
import { caveats, factsLine } from '../../words/caveats.ts'
import { metricHeading, shownMetrics, type SummaryChoice } from '../../words/shown-metrics.ts'
import { bar, withPictures } from './bars.ts'
import { differencePictures } from './pictures.ts'
import { renderText } from './table.ts'
import { variantParts } from './variants.ts'

/** The ladder for a terminal; bars and intervals are drawn where `columns` leaves room for them. */
export function summaryText(summary: RunSummary, columns?: number, choice: SummaryChoice = {}): string {
  const { variants } = summary
  const parts = [printable(`${summary.scenario}: ${summary.title}`), factsLine(summary)]
  if (variants) parts.push(...variantParts(summary, variants, { columns, choice }))
  for (const metric of variants ? [] : shownMetrics(summary, choice)) {
    const medians = pathsOf(summary, metric).map((path) => path.quantiles.p50.estimate ?? 0)
    const slowest = Math.max(...medians)
    const drawBar = (row: number, width: number) => bar(medians[row] ?? 0, slowest, width)
    parts.push(
      '',
      printable(`load ${metricHeading(summary, metric)}`),
      withPictures(renderText(pathTable(summary, metric)), drawBar, columns),
    )
    const table = stepTable(summary, metric)
    if (!table) continue
    const drawInterval = differencePictures(metric.steps.map((step) => step.comparison))
    parts.push('', 'What each step costs:', withPictures(renderText(table), drawInterval, columns))
  }
  for (const table of costTables(summary))
    parts.push('', printable(`${table.title}:`), renderText(table).trimEnd())
  const unreachable = summary.unreachable.map(
    (u) =>
      `${u.path}: ${u.confirmed ? 'unreachable, as expected' : 'reachable, NOT as expected'} (${u.observed})`,
  )
  if (unreachable.length > 0) parts.push('', ...unreachable)
  parts.push('', ...caveats(summary, choice).map((line) => printable(`* ${line}`)))
  return `${parts.join('\n')}\n`
}
