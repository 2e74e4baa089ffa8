import type { MetricSummary } from '../../analysis/summarize-metrics.ts'
import type { PathSummary, RunSummary } from '../../analysis/summarize-run.ts'
import { formatUs, noValue } from '../format.ts'
import { countColumn, intervalColumn, textColumn, usColumn } from './columns.ts'
import { tableOf, type Column, type Table } from './table.ts'

/** Every path of a load with the quantiles of one of its metrics. */
export function pathTable(summary: RunSummary, metric: MetricSummary): Table {
  // First requests are too few for a tail.
  const hasTail = metric.series !== 'cold'
  const columns: readonly Column<PathSummary>[] = [
    textColumn('path', ({ path }) => path),
    countColumn('components', ({ hops }) => hops),
    usColumn('p50 µs', ({ quantiles }) => quantiles.p50.estimate),
    intervalColumn(({ quantiles }) => quantiles.p50),
    // With flagged rounds both are shown: what all rounds say, and what those without a flag say.
    {
      ...usColumn<PathSummary>('unflagged rounds', ({ valid }) => valid?.p50.estimate ?? null),
      isShown: summary.flaggedRounds > 0,
    },
    { ...usColumn<PathSummary>('p90 µs', ({ quantiles }) => quantiles.p90.estimate), isShown: hasTail },
    { ...usColumn<PathSummary>('p99 µs', ({ quantiles }) => quantiles.p99.estimate), isShown: hasTail },
    {
      ...intervalColumn<PathSummary>(({ quantiles }) => quantiles.p99, 'p99 interval'),
      isShown: hasTail,
      isDetail: true,
    },
    {
      ...floorColumn,
      isShown: metric.series === 'warm' && summary.paths.some(({ floor }) => floor !== null),
    },
    countColumn('requests', ({ requests }) => requests),
    provenColumn,
  ]
  return tableOf(titleOf(metric), columns, pathsOf(summary, metric))
}

/** The paths of a load with the quantiles of one of its metrics, in the order of the table's rows. */
export function pathsOf(summary: RunSummary, metric: MetricSummary): readonly PathSummary[] {
  return summary.paths.flatMap((path): PathSummary[] => {
    const own = metric.paths.find((p) => p.path === path.path)
    if (path.load !== metric.load || !own) return []
    return [{ ...path, requests: own.count, quantiles: own.quantiles, valid: own.valid }]
  })
}

/** What a path differs from itself by: two random halves of its requests. */
export const floorColumn: Column<PathSummary> = {
  heading: 'noise floor µs',
  kind: 'number',
  cell: ({ floor }) => ({
    parts: [floor === null ? noValue : `±${formatUs(floor.ns)}`],
    value: floor?.ns ?? null,
  }),
}

/** In how many rounds the path was proven. */
export const provenColumn: Column<PathSummary> = {
  heading: 'proven',
  kind: 'number',
  cell: provenShare,
}

function titleOf({ load, name, title, series }: MetricSummary): string {
  return series === 'warm'
    ? `Latency of each path under the load ${load}`
    : `${name} under the load ${load} (${title})`
}

function provenShare({ verdicts: { proven, mismatch, unproven } }: PathSummary) {
  const all = proven + mismatch + unproven
  return { parts: [`${proven}/${all}`], value: all === 0 ? null : proven / all }
}
