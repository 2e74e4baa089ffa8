import { mean } from 'simple-statistics'

/** Whether and where a series has settled. */
export type SteadyState =
  /** Drop this many leading values. */
  | { readonly steady: true; readonly drop: number }
  | { readonly steady: false; readonly reason: 'too-few-values' | 'still-changing' }

/** Fewer batches cannot tell a trend from chance. */
const fewestBatches = 10
/** The last batches are no place to cut: a handful of values can lie close together by chance. */
const batchesKept = 5

/**
 * MSER: drop the leading values whose loss makes the standard error of what remains smallest, in batches of
 * `valuesPerBatch` (five: MSER-5). A cut at or beyond the middle means that the series has not settled.
 * K. P. White, M. J. Cobb and S. C. Spratt, Winter Simulation Conference 2000; the last five batches are left out as in
 * K. Hoad, S. Robinson and R. Davies, Journal of the Operational Research Society 61 (2010).
 * @param values in time order, e.g. medians of short slots; at least ten batches of them
 */
export function steadyState(values: readonly number[], valuesPerBatch = 5): SteadyState {
  const batches: number[] = []
  for (let end = valuesPerBatch; end <= values.length; end += valuesPerBatch) {
    batches.push(mean(values.slice(end - valuesPerBatch, end)))
  }
  if (batches.length < fewestBatches) return { steady: false, reason: 'too-few-values' }

  let best = 0
  let smallest = Infinity
  for (let cut = 0; cut <= batches.length - batchesKept; cut++) {
    const rest = batches.slice(cut)
    const centre = mean(rest)
    const squaredError = rest.reduce((sum, x) => sum + (x - centre) ** 2, 0) / rest.length ** 2
    if (squaredError < smallest) [best, smallest] = [cut, squaredError]
  }
  if (best >= batches.length / 2) return { steady: false, reason: 'still-changing' }
  return { steady: true, drop: best * valuesPerBatch }
}
