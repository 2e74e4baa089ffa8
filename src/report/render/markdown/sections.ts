import type { RunComparison } from '../../../analysis/compare-runs.ts'
import type { RunSummary } from '../../../analysis/summarize-run.ts'
import { comparisonTable } from '../../tables/comparison.ts'
import { costTables } from '../../tables/costs.ts'
import { pathTable } from '../../tables/paths.ts'
import { stepTable } from '../../tables/steps.ts'
import type { Table } from '../../tables/table.ts'
import { inlineText } from './inline.ts'
import { renderMarkdown } from './table.ts'

/** Paths with their quantiles, then what each step costs; one pair of tables per load. */
export function latencyTables(summary: RunSummary): string[] {
  return summary.metrics
    .filter(({ series }) => series === 'warm')
    .flatMap((metric) => [pathTable(summary, metric), stepTable(summary, metric) ?? []].flat())
    .flatMap(titled)
}

/** CPU time per request, and sweeps over connections. */
export function costTablesOf(summary: RunSummary): string[] {
  return costTables(summary).flatMap(titled)
}

export function comparisonTables(comparison: RunComparison): string[] {
  return titled(comparisonTable(comparison))
}

function titled(table: Table): string[] {
  const notes = table.notes.map((note) => `- ${inlineText(note)}`)
  return [
    `${inlineText(table.title)}:`,
    renderMarkdown(table),
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
  ]
}
