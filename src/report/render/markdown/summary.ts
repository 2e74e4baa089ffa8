import type { RunSummary } from '../../../analysis/summarize-run.ts'
import { costTables } from '../../tables/costs.ts'
import { pathTable } from '../../tables/paths.ts'
import { stepTable } from '../../tables/steps.ts'
import { caveats, factsLine } from '../../words/caveats.ts'
import { metricHeading, shownMetrics, type SummaryChoice } from '../../words/shown-metrics.ts'
import { inlineText } from './inline.ts'
import { renderMarkdown } from './table.ts'
import { ladderTables, variantTables } from './variants.ts'

/** The ladder for a post. */
export function summaryMarkdown(summary: RunSummary, choice: SummaryChoice = {}): string {
  const parts = [`### ${inlineText(summary.title)}`, '', inlineText(factsLine(summary)), '']
  const { variants } = summary
  if (variants) {
    const tables = [...variantTables(summary, variants, choice), ...ladderTables(summary, variants, choice)]
    parts.push(...tables.flatMap((part) => [part.trimEnd(), '']))
  }
  for (const metric of variants ? [] : shownMetrics(summary, choice)) {
    parts.push(`Load ${inlineText(metricHeading(summary, metric))}:`, '')
    parts.push(renderMarkdown(pathTable(summary, metric)))
    const steps = stepTable(summary, metric)
    if (steps) parts.push('What each step costs:', '', renderMarkdown(steps))
  }
  for (const table of costTables(summary))
    parts.push(`${inlineText(table.title)}:`, '', renderMarkdown(table))
  parts.push(...caveats(summary, choice).map((line) => `- ${inlineText(line)}`))
  return `${parts.join('\n')}\n`
}
