import type { VariantsBeside } from '../../../analysis/variants-beside.ts'
import { switchedStepTables, variantTable } from '../../tables/variants.ts'
import type { ReportedRun } from '../../words/reported-run.ts'
import { shownMetrics } from '../../words/shown-metrics.ts'
import { variantFacts, variantFindings } from '../../words/variants.ts'
import { safe, type Markup } from './markup.ts'
import { renderHtml, renderNotes } from './table.ts'

/** Each path in every variant beside the first, all quantiles of each load. */
export function variantSection({ summary }: ReportedRun, beside: VariantsBeside): Markup {
  const tables = shownMetrics(summary).flatMap((metric) => {
    const rows = beside.rows.filter((row) => row.load === metric.load && row.metric === metric.name)
    return rows.length === 0 ? [] : [renderHtml(variantTable(beside, metric, rows))]
  })
  return safe`<p>${variantFindings(beside).map((finding) => safe`${finding}. `)}</p>
    ${renderNotes(variantFacts(beside))}
    ${tables} ${switchedStepTables(beside).map((table) => renderHtml(table))}`
}
