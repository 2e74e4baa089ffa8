import type { RunSummary } from '../../../analysis/summarize-run.ts'
import type { VariantsBeside } from '../../../analysis/variants-beside.ts'
import { printable } from '../../../terminal-text.ts'
import { switchedStepTables, variantLadder, variantTable } from '../../tables/variants.ts'
import { metricHeading, shownMetrics, type SummaryChoice } from '../../words/shown-metrics.ts'
import { shownVariantRows, variantFacts, variantFindings } from '../../words/variants.ts'
import { withPictures } from './bars.ts'
import { differencePictures } from './pictures.ts'
import { renderText } from './table.ts'

/** What was asked first: each variant beside the first. Then the ladder of each. */
export function variantParts(
  summary: RunSummary,
  beside: VariantsBeside,
  { columns, choice }: { readonly columns?: number | undefined; readonly choice: SummaryChoice },
): string[] {
  const metrics = shownMetrics(summary, choice)
  const tables = metrics.flatMap((metric) => {
    const rows = shownVariantRows(beside, metric)
    if (rows.length === 0) return []
    const drawn = differencePictures(rows.map(({ comparison }) => comparison))
    const table = renderText(variantTable(beside, metric, rows))
    return ['', printable(`load ${metricHeading(summary, metric)}`), withPictures(table, drawn, columns)]
  })
  const steps = switchedStepTables(beside).flatMap((table) => [
    '',
    printable(`${table.title}:`),
    renderText(table).trimEnd(),
  ])
  const ladders = beside.variants.flatMap(({ name }) =>
    metrics.flatMap((metric) => {
      const table = variantLadder(summary, metric, name)
      return table.rows.length === 0 ? [] : ['', printable(`${table.title}:`), renderText(table).trimEnd()]
    }),
  )
  return [
    '',
    ...variantFacts(beside).map(printable),
    ...tables,
    '',
    ...variantFindings(beside).map((finding) => printable(`${finding}.`)),
    ...steps,
    ...ladders,
  ]
}
