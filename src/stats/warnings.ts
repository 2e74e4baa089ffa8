import { plural } from '../plural.ts'
import type { Unit } from './nested.ts'

/** Why a number deserves less trust than it seems to, for programs. */
export type WarningCode =
  | 'too-few-units'
  | 'one-start'
  | 'groups-disagree'
  | 'too-few-per-side'
  | 'outlying-units'
  | 'autocorrelated'
  | 'tied'
  | 'quantile-not-carried'
  | 'within-margin'
  | 'lost-to-family'
  | 'undecided'
  | 'failed-requests'

/** A warning is data: it does not stop an analysis, and its sentence ends with what to do next. */
export interface StatWarning {
  readonly code: WarningCode
  readonly message: string
}

/** Needing this many times what there is means asking the wrong question. */
const farTooMany = 100

export function tooFewUnits(n: number, unit: Unit, needed: number): StatWarning {
  const message = `${plural(n, unit)}: no verdict and no interval under ${needed}. Run at least ${needed - n} more.`
  return { code: 'too-few-units', message }
}

export function oneStart(starts: number): StatWarning {
  const message =
    starts < 2
      ? 'This holds for one start of these programs; another may differ by more than the interval. Run 8 restarts to include that.'
      : `This holds for these ${starts} starts of the programs; others may differ by more than the interval. Run 8 restarts to include that.`
  return { code: 'one-start', message }
}

/** @param kind what disagrees */
export function groupsDisagree(kind: 'restart' | 'build'): StatWarning {
  const message = `The ${kind}s disagree: what differs between them is much beside what they have in common. Run more of them.`
  return { code: 'groups-disagree', message }
}

export function tooFewPerSide(a: number, b: number, unit: Unit, needed: number): StatWarning {
  const message =
    `${a} against ${plural(b, unit)}: separate runs are compared ${unit} by ${unit}, and that takes at least ` +
    `${needed} a side. Add runs or restarts.`
  return { code: 'too-few-per-side', message }
}

export function outlyingUnits(rankP: number, meanP: number, unit: Unit): StatWarning {
  const message =
    `The order of the ${unit}s (p ${probability(rankP)}) and their means (p ${probability(meanP)}) say different things, ` +
    `so a few lie far out. Look at their rounds before trusting either.`
  return { code: 'outlying-units', message }
}

export function autocorrelated(correlation: number, n: number, effectiveN: number): StatWarning {
  const message =
    `Neighbouring rounds resemble each other (lag-1 correlation about ${correlation.toFixed(2)}): ${n} rounds say about ` +
    `as much as ${Math.max(1, Math.round(effectiveN))} independent ones, and the interval was made for those. ` +
    'Restarts are independent.'
  return { code: 'autocorrelated', message }
}

export function tied(zeros: number, n: number): StatWarning {
  const message =
    `${zeros} of ${n} differences are exactly zero: the resolution of the histogram hides them. ` +
    `Record with more significant digits to see differences this small.`
  return { code: 'tied', message }
}

export function quantileNotCarried(quantile: number, requests: number, needed: number): StatWarning {
  const name = `p${Number((quantile * 100).toPrecision(6))}`
  const message =
    `A round has about ${plural(requests, 'request')}, and ${name} needs ${needed}. ` +
    `Use longer rounds, or read ${name} only from the merged histogram.`
  return { code: 'quantile-not-carried', message }
}

export function withinMargin(): StatWarning {
  const message =
    'There is a difference, but it is smaller than what was declared to matter. Lower --delta if it matters after all.'
  return { code: 'within-margin', message }
}

export function lostToFamily(pValue: number, adjusted: number, family: number): StatWarning {
  const message =
    `Alone this would be a difference (p ${probability(pValue)}), but among ${family} comparisons it may be chance ` +
    `(p ${probability(adjusted)}). Run more, or compare fewer things.`
  return { code: 'lost-to-family', message }
}

/** @param halfWidth of the interval, ns; null where there is none */
export function undecided(
  n: number,
  unit: Unit,
  halfWidth: number | null,
  needed: number | null,
): StatWarning {
  const width = halfWidth === null ? '' : ` ±${Number((halfWidth / 1000).toPrecision(2))} µs`
  const outlook =
    needed !== null && needed <= farTooMany * n
      ? `; ${plural(needed, unit)} in all should, if the noise stays as it is`
      : ', and no practical number would: the noise is far larger than what matters. Use a quieter host or a larger --delta'
  return { code: 'undecided', message: `${plural(n, unit)} cannot tell${width}${outlook}.` }
}

function probability(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toPrecision(2)
}
