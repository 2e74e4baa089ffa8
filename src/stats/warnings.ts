import { plural } from '../plural.ts'

/** What counts as one observation: a round of one build, or a whole build. */
export type Unit = 'round' | 'build'

/** Why a number deserves less trust than it seems to, for programs. */
export type WarningCode =
  | 'too-few-rounds'
  | 'few-rounds'
  | 'too-few-builds'
  | 'few-builds'
  | 'builds-disagree'
  | 'outlying-builds'
  | 'autocorrelated'
  | 'tied'
  | 'quantile-not-carried'
  | 'within-delta'
  | 'lost-to-holm'
  | 'undecided'

/** A warning is data: it does not stop an analysis, and its sentence ends with what to do next. */
export interface StatWarning {
  readonly code: WarningCode
  readonly message: string
}

/** Rounds that a run should plan for: half-widths and power level off from here (docs/statistics.md). */
export const plannedRounds = 20
/** Needing this many times what there is means asking the wrong question. */
const farTooMany = 100
/** Builds from which on they are the observations. */
const plannedBuilds = 6

export function tooFewRounds(n: number, needed: number): StatWarning {
  const message =
    `${plural(n, 'round')}: no verdict and no interval under ${needed}. ` +
    `Run at least ${needed - n} more; ${Math.max(needed, plannedRounds)} are a good plan.`
  return { code: 'too-few-rounds', message }
}

export function fewRounds(n: number): StatWarning {
  const message =
    `${n} rounds give a coarse interval and cannot show whether neighbouring rounds depend on each other. ` +
    `Plan ${plannedRounds} or more.`
  return { code: 'few-rounds', message }
}

export function tooFewBuildsPerSide(a: number, b: number, needed: number): StatWarning {
  const message =
    `${a} against ${plural(b, 'build')}: a rebuild moves results, so separate runs are compared build by build, ` +
    `and that takes at least ${needed} a side. Add runs or raise the number of builds.`
  return { code: 'too-few-builds', message }
}

export function fewBuilds(n: number): StatWarning {
  const message =
    n === 1
      ? 'This holds for one stand-up of the testbed; another may differ by more than the interval. ' +
        `Run ${plannedBuilds} builds to include that.`
      : `This holds for these ${n} builds; the interval does not include what a rebuild changes. ` +
        `Run ${plannedBuilds} builds to include that.`
  return { code: 'few-builds', message }
}

export function buildsDisagree(differencesNs: readonly number[]): StatWarning {
  const from = microseconds(Math.min(...differencesNs))
  const to = microseconds(Math.max(...differencesNs))
  const message =
    `The builds disagree: their differences run from ${from} to ${to}, which is much beside what they have in common.` +
    ` Run ${plannedBuilds} builds or more.`
  return { code: 'builds-disagree', message }
}

export function outlyingBuilds(rankP: number, meanP: number): StatWarning {
  const message =
    `The order of the builds (p ${probability(rankP)}) and their means (p ${probability(meanP)}) say different things, ` +
    `so a few builds lie far out. Look at their rounds before trusting either.`
  return { code: 'outlying-builds', message }
}

export function autocorrelated(correlation: number, n: number, effectiveN: number): StatWarning {
  const message =
    `Neighbouring rounds resemble each other (lag-1 correlation ${correlation.toFixed(2)}): ${n} rounds say about as much as ` +
    `${Math.floor(effectiveN)} independent ones, and the interval was widened for it. Run more rounds or several builds.`
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

export function withinDelta(): StatWarning {
  const message =
    'There is a difference, but it is smaller than what was declared to matter. Lower delta if it matters after all.'
  return { code: 'within-delta', message }
}

export function lostToHolm(pValue: number, adjusted: number, family: number): StatWarning {
  const message =
    `Alone this would be a difference (p ${probability(pValue)}), but among ${family} comparisons it may be chance ` +
    `(p ${probability(adjusted)}). Run more rounds, or compare fewer things.`
  return { code: 'lost-to-holm', message }
}

export function undecided(n: number, unit: Unit, needed: number | null, deltaNs: number | null): StatWarning {
  return { code: 'undecided', message: `${plural(n, unit)} cannot tell${outlook(n, needed, deltaNs)}` }
}

function outlook(n: number, needed: number | null, deltaNs: number | null): string {
  if (needed !== null && needed <= farTooMany * n) {
    return `; about ${needed - n} more would, if the noise stays as it is.`
  }
  return deltaNs === null
    ? ': the estimate is near zero, and only an interval inside a delta can say "same". Give a delta.'
    : ', and no practical number would: the noise is far larger than delta. Use a quieter host, longer rounds or a larger delta.'
}

function microseconds(ns: number): string {
  return `${(ns / 1000).toFixed(1)} µs`
}

function probability(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toPrecision(2)
}
