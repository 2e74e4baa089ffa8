import type { Comparison } from '../../../stats/comparison.ts'
import { intervalLine, sharedScale } from './bars.ts'

/** Draws the interval of each comparison on one scale, with zero marked; nothing where there is no interval. */
export function differencePictures(
  comparisons: readonly Comparison[],
): (row: number, width: number) => string {
  const intervals = comparisons.map(({ difference, low, high }) =>
    difference === null || low === null || high === null ? undefined : { estimate: difference, low, high },
  )
  const scale = sharedScale(intervals.flatMap((interval) => interval ?? []))
  return (row, width) => {
    const interval = intervals[row]
    return interval ? intervalLine(interval, scale, width) : ''
  }
}
