import { UsageError } from '../errors.ts'
import type { ComparisonRow } from './compared-series.ts'
import type { Outcomes } from '../results/outcomes.ts'
import { failedShare, type ErrorShares } from './error-share.ts'
import { metricNames } from './metrics.ts'
import { summaryQuantileNames, summaryQuantiles, type SummaryQuantile } from './summary-quantiles.ts'

/** A regression rule: a path (or all) may not get slower at a quantile by more than a limit. */
export interface FailRule {
  readonly path: string | null
  /** null: what each load is for above all. */
  readonly metric: string | null
  readonly quantile: SummaryQuantile
  readonly limit: { readonly unit: 'percent' | 'ns'; readonly amount: number }
}

/** A rule about failed requests: of a path (or of any) at most this share may fail in the contender. */
export interface ErrorRule {
  readonly path: string | null
  readonly errorsPercent: number
}

const errorPattern = /^(?:(?<path>[\w.@-]+):)?errors\s*>\s*(?<amount>\d+(?:\.\d+)?)\s*%$/

/** Reads `errors>1%` or `gateway:errors>1%`. @throws UsageError when the text is no rule of this kind. */
export function parseErrorRule(text: string): ErrorRule {
  const rule = readErrorRule(text)
  if (rule) return rule
  throw new UsageError(`"${text}" is no rule about errors`, {
    hint: "write 'errors>1%', or 'NAME:errors>1%' for one endpoint",
  })
}

function readErrorRule(text: string): ErrorRule | undefined {
  const { path, amount } = errorPattern.exec(text.trim())?.groups ?? {}
  return amount === undefined ? undefined : { path: path ?? null, errorsPercent: Number(amount) }
}

/** True when more requests of this path failed than the rule allows. */
export function breaksShare(path: string, outcomes: Outcomes, rule: ErrorRule): boolean {
  return (rule.path === null || rule.path === path) && 100 * failedShare(outcomes) > rule.errorsPercent
}

/** Reads `errors>1%` or `gateway:errors>1%`, or else what `parseFailRule` reads. @throws UsageError as it does. */
export function parseRule(text: string): FailRule | ErrorRule {
  return readErrorRule(text) ?? parseFailRule(text)
}

/** Paths of which more requests failed in the contender than the rule allows. */
export function brokenShares(errors: readonly ErrorShares[], rule: ErrorRule): readonly ErrorShares[] {
  return errors.filter(({ path, contender }) => breaksShare(path, contender, rule))
}

const pattern =
  /^(?:(?<path>[a-z0-9-]+(?:@[\w.-]+)?):)?(?:(?<metric>[a-z-]+)\.)?(?<quantile>p\d+)\s*>\s*(?<amount>\d+(?:\.\d+)?)\s*(?<unit>%|µs|us|ms)$/

/**
 * Reads `p50>5%`, `p99>100us`, `gateway:p50>5%` or `gateway:first-byte.p50>5%`.
 * @throws UsageError when the text is no rule.
 */
export function parseFailRule(text: string): FailRule {
  const { path, metric, quantile, amount, unit } = pattern.exec(text.trim())?.groups ?? {}
  if (quantile === undefined || !(quantile in summaryQuantiles)) {
    const known = summaryQuantileNames.join(', ')
    throw new UsageError(`"${text}" is no regression rule`, {
      hint: `write QUANTILE>LIMIT, such as 'p50>5%', 'p99>100us', 'gateway:first-byte.p50>5%' or 'errors>1%'; quantiles: ${known}`,
    })
  }
  if (metric !== undefined && !metricNames.includes(metric)) {
    throw new UsageError(`"${text}" names no metric: there is no "${metric}"`, {
      hint: `metrics: ${metricNames.join(', ')}`,
    })
  }
  const number = Number(amount)
  const limit =
    unit === '%'
      ? { unit: 'percent' as const, amount: number }
      : { unit: 'ns' as const, amount: number * (unit === 'ms' ? 1e6 : 1e3) }
  return { path: path ?? null, metric: metric ?? null, quantile: quantile as SummaryQuantile, limit }
}

/** Rows that break the rule: slower with a verdict, and by more than the limit. Noise never fails a build. */
export function regressions(rows: readonly ComparisonRow[], rule: FailRule): readonly ComparisonRow[] {
  return rows.filter((row) => {
    const { difference, verdict } = row.comparison
    if (rule.metric === null ? !row.isHeadline : row.metric !== rule.metric) return false
    if (row.quantile !== rule.quantile || (rule.path !== null && row.path !== rule.path)) return false
    if (verdict !== 'slower' || difference === null) return false
    if (rule.limit.unit === 'ns') return difference > rule.limit.amount
    const base = row.baseline.estimate
    return base !== null && base > 0 && (100 * difference) / base > rule.limit.amount
  })
}
