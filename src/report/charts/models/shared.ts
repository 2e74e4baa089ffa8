import type { RunResult } from '../../../results/schema.ts'
import type { Comparison } from '../../../stats/comparison.ts'
import type { PathSummary, RunSummary } from '../../../analysis/summarize-run.ts'
import type { Measured } from '../quantity.ts'
import type { Distribution } from './distribution.ts'

// What models of several chart kinds are made with.

export function pathsOf(summary: RunSummary, load: string): readonly PathSummary[] {
  return summary.paths.filter((path) => path.load === load)
}

/** Without A/A controls, whose place is the forest plot; a path has the same place, and so colour, in every chart. */
export function shownDistributions(
  result: RunResult,
  distributions: readonly Distribution[],
  load: string,
): readonly Distribution[] {
  const names = result.paths.flatMap((path) => (path.controlOf === undefined ? [path.name] : []))
  return distributions
    .filter((d) => d.load === load && names.includes(d.path))
    .toSorted((a, b) => names.indexOf(a.path) - names.indexOf(b.path))
}

export function intervalsNote(values: readonly { readonly low: number | null }[]): string {
  return values.some(({ low }) => low !== null) ? '95% intervals' : 'no intervals: too few rounds'
}

export function bandNote(distributions: readonly Distribution[]): string {
  const hasBands = distributions.some((d) => d.points.some((p) => p.lowNs !== undefined))
  return hasBands ? '95% bands' : 'no bands: too few rounds'
}

export function noPathNote(summary: RunSummary, name: string): string {
  const seen = summary.unreachable.filter((u) => u.path === name)
  if (seen.length === 0) return 'must be unreachable, not tried'
  return seen.every((u) => u.confirmed) ? 'unreachable, as expected' : 'reachable, not as expected'
}

export function measuredOf(value: {
  readonly estimate: number | null
  readonly low: number | null
  readonly high: number | null
}): Measured | undefined {
  const { estimate, low, high } = value
  if (estimate === null) return undefined
  return low === null || high === null ? { estimate } : { estimate, interval: { low, high } }
}

export function differenceOf(
  comparison: Pick<Comparison, 'difference' | 'low' | 'high'>,
): Measured | undefined {
  return measuredOf({ ...comparison, estimate: comparison.difference })
}

/** Five significant digits: what a picture can show, and a page need not carry more. */
export function short(value: number): number {
  return Number(value.toPrecision(5))
}
