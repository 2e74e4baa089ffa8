import type { RunSummary } from '../../../analysis/summarize-run.ts'
import type { VariantsBeside } from '../../../analysis/variants-beside.ts'
import { switchedStepTables, variantLadder, variantTable } from '../../tables/variants.ts'
import { metricHeading, shownMetrics, type SummaryChoice } from '../../words/shown-metrics.ts'
import { shownVariantRows, variantFacts, variantFindings } from '../../words/variants.ts'
import { inlineText } from './inline.ts'
import { renderMarkdown } from './table.ts'

/** What was asked first: each variant beside the first. */
export function variantTables(
  summary: RunSummary,
  beside: VariantsBeside,
  choice: SummaryChoice = {},
): string[] {
  const tables = shownMetrics(summary, choice).flatMap((metric) => {
    const rows = shownVariantRows(beside, metric)
    if (rows.length === 0) return []
    const heading = `Load ${inlineText(metricHeading(summary, metric))}:`
    return [heading, renderMarkdown(variantTable(beside, metric, rows))]
  })
  return [
    variantFindings(beside)
      .map((finding) => `**${inlineText(finding)}.**`)
      .join(' '),
    variantFacts(beside)
      .map((fact) => `- ${inlineText(fact)}`)
      .join('\n'),
    ...tables,
    ...switchedStepTables(beside).flatMap((table) => [`${inlineText(table.title)}:`, renderMarkdown(table)]),
  ]
}

/** The ladder of each variant. */
export function ladderTables(
  summary: RunSummary,
  beside: VariantsBeside,
  choice: SummaryChoice = {},
): string[] {
  return beside.variants.flatMap(({ name }) =>
    shownMetrics(summary, choice).flatMap((metric) => {
      const table = variantLadder(summary, metric, name)
      return table.rows.length === 0 ? [] : [`${inlineText(table.title)}:`, renderMarkdown(table)]
    }),
  )
}
