import type { RunResult } from '../../results/schema.ts'
import { distributionOf, roundsRemark, type PathLoad, type RoundChoice } from './distribution.ts'

const ticksPerHalfDistance = 5
const nsPerUs = 1000

/**
 * HdrHistogram's percentile distribution text (`.hgrm`), values in microseconds: what its plotter and every port of
 * the library read. Remarks are lines that start with `#`, which readers skip. Quantiles here are, as everywhere in
 * that format, upper ends of buckets: up to 0.1 % above those of hopmeter's tables.
 * @throws ResultError when the run has no such path and load.
 */
export function toHdrPercentiles(
  result: RunResult,
  selection: PathLoad,
  rounds: RoundChoice = 'valid',
): string {
  const { histogram } = distributionOf(result, selection, rounds)
  const remark = `${selection.path} under ${selection.load}, run ${result.id}, ${roundsRemark(result, rounds)}`
  const table = histogram.outputPercentileDistribution(ticksPerHalfDistance, nsPerUs)
  return `${table}#[${remark.replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ')}, us]\n`
}
