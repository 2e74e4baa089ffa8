import { plural } from '../../plural.ts'
import { formatDuration } from '../../scenario/duration.ts'
import type { Comparison } from '../../stats/comparison.ts'
import type { Design } from '../../stats/design.ts'
import type { RunSummary, StepSummary } from '../../analysis/summarize-run.ts'
import { formatUs } from '../format.ts'

/** What intervals and verdicts of a run say something about. */
export function scopeRemark({ unit, restarts, builds }: RunSummary): string {
  if (unit === 'build')
    return `Intervals are over ${plural(builds, 'build')}: they speak of other testbeds on this host.`
  if (unit === 'restart') {
    const where = builds === 1 ? 'this testbed' : `these ${builds} testbeds`
    return `Intervals are over ${plural(restarts, 'restart')}: they speak of other starts of these programs in ${where} on this host.`
  }
  return 'Intervals are over rounds: they speak of these starts of the programs only.'
}

/** Where the spread of each step comes from, what would decide the undecided ones, and which to doubt. */
export function spreadRemarks(summary: RunSummary): string[] {
  const hasOneLoad = summary.loads.length === 1
  const nameOf = ({ load, from, to }: StepSummary) => `${hasOneLoad ? '' : `${load} `}${from} → ${to}`
  const beside = variantContrasts(summary, hasOneLoad)
  const contrasts = [...beside, ...summary.steps.map((step) => ({ ...step, name: nameOf(step) }))]
  // The spread of what was asked is enough of it: variants have a ladder each.
  const asked = summary.variants ? beside : contrasts
  const spreads = asked.flatMap(({ name, spread }) => {
    if (spread === null || summary.restarts < 2) return []
    const parts = [
      `rounds ${formatUs(spread.roundNs)}`,
      ...(spread.restartNs === null ? [] : [`restarts ${formatUs(spread.restartNs)}`]),
      ...(spread.buildNs === null ? [] : [`builds ${formatUs(spread.buildNs)}`]),
    ]
    return [`${name} ${parts.join(', ')}`]
  })
  return [
    ...(spreads.length === 0
      ? []
      : [
          `Spread of each ${summary.variants ? 'difference' : 'step'} at p50, standard deviation in µs: ${spreads.join('; ')}.`,
        ]),
    ...contrasts.flatMap(({ name, spread, comparison }) =>
      spread?.wouldDecide ? [`${name}: ${outlook(comparison, spread.wouldDecide)}`] : [],
    ),
    ...contrasts.flatMap(({ name, withinFloorNs, comparison }) => {
      const isClaimed = comparison.verdict === 'slower' || comparison.verdict === 'faster'
      if (!isClaimed || withinFloorNs === null) return []
      return [
        `Doubt ${name}: it is not clear of the ±${formatUs(withinFloorNs)} µs that one of its paths differs from itself by.`,
      ]
    }),
  ]
}

/** Each path of every variant beside the first, as steps are. */
function variantContrasts({ variants }: RunSummary, hasOneLoad: boolean) {
  const rows = variants?.rows.filter((row) => row.spread !== null) ?? []
  return rows.map(({ path, variant, load, spread, withinFloorNs, comparison }) => {
    const name = `${hasOneLoad ? '' : `${load} `}${path} of ${variant}`
    return { name, spread, withinFloorNs, comparison }
  })
}

/** e.g. `cannot tell ±6.1 µs; 14 restarts of 3 rounds, about 3m, would`. */
function outlook({ low, high }: Pick<Comparison, 'low' | 'high'>, design: Design): string {
  const width = low === null || high === null ? '' : ` ±${formatUs((high - low) / 2)} µs`
  return `cannot tell${width}; ${designText(design)}, would (--restarts ${design.restarts} --rounds ${design.rounds}).`
}

/** e.g. `14 restarts of 3 rounds, about 3m`. */
export function designText({ restarts, rounds, totalMs }: Design): string {
  const seconds = Math.ceil(totalMs / 1000)
  const rounded = seconds < 90 ? seconds : 60 * Math.ceil(seconds / 60)
  return `${plural(restarts, 'restart')} of ${plural(rounds, 'round')}, about ${formatDuration(rounded * 1000).replace(/m0s$/, 'm')}`
}
