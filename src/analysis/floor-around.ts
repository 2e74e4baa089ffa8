import type { Comparison } from '../stats/comparison.ts'
import type { MetricSummary } from './summarize-metrics.ts'

/** A step is doubted when its interval reaches into what one of its paths differs from itself by. */
export function floorAround(
  { paths }: Pick<MetricSummary, 'paths'>,
  names: readonly string[],
  { low, high }: Comparison,
): number | null {
  const floors = paths.filter(({ path }) => names.includes(path)).flatMap(({ floor }) => floor?.ns ?? [])
  if (floors.length === 0 || low === null || high === null) return null
  const largest = Math.max(...floors)
  return low > largest || high < -largest ? null : largest
}
