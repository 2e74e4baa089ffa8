import type { RunComparison } from '../../analysis/compare-runs.ts'
import type { ComparisonRow } from '../../analysis/compared-series.ts'
import { comparisonRemarks } from '../words/comparison-remarks.ts'
import { differenceColumns, estimateColumn, textColumn } from './columns.ts'
import { tableOf, type Column, type Table } from './table.ts'

const columns: readonly Column<ComparisonRow>[] = [
  textColumn('path', ({ path }) => path),
  textColumn('load', ({ load }) => load),
  textColumn('metric', ({ metric }) => metric),
  textColumn('quantile', ({ quantile }) => quantile),
  estimateColumn('baseline µs', ({ baseline }) => baseline),
  estimateColumn('contender µs', ({ contender }) => contender),
  ...differenceColumns<ComparisonRow>('difference µs', ({ comparison }) => comparison),
]

/** Both sides of a comparison with the difference and its verdict; no rows where nothing can be compared. */
export function comparisonTable(comparison: RunComparison): Table {
  const { baseline, contender, rows } = comparison
  return tableOf(`${contender} against ${baseline}`, columns, rows, comparisonRemarks(comparison))
}
