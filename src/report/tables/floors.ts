import type { MetricSummary } from '../../analysis/summarize-metrics.ts'
import { differenceColumns, textColumn } from './columns.ts'
import { tableOf, type Column, type Table } from './table.ts'

/** What each path of a load differs from itself by, over two random halves of its requests: a number, and no finding. */
export function floorTable({ load, paths }: MetricSummary): Table | undefined {
  const rows = paths.flatMap(({ path, floor }) => (floor === null ? [] : [{ path, ...floor }]))
  if (rows.length === 0) return undefined
  const columns: readonly Column<(typeof rows)[number]>[] = [
    textColumn('path', ({ path }) => path),
    ...differenceColumns<(typeof rows)[number]>('p50 µs', ({ comparison }) => comparison).slice(0, 3),
  ]
  return tableOf(
    `One random half of the requests of each path against the other, under the load ${load}`,
    columns,
    rows,
  )
}
