import { profileOf } from '../../load/profiles.ts'
import { plural } from '../../plural.ts'
import type { MetricStep, MetricSummary } from '../../analysis/summarize-metrics.ts'
import type { RunSummary } from '../../analysis/summarize-run.ts'
import { failedText } from '../../analysis/error-share.ts'
import { componentLabel } from '../../topology/component.ts'
import { formatMargin } from '../format.ts'
import { costRemarks } from './cost-remarks.ts'
import { scopeRemark, spreadRemarks } from './spread.ts'
import { shownMetrics, type SummaryChoice } from './shown-metrics.ts'
import { shownVariantRows } from './variants.ts'
import { groupedWarnings } from './warnings.ts'

/** The run in one line: what forwarded the bytes, how often it was measured, how it ended. */
export function factsLine(summary: RunSummary): string {
  const builds = summary.builds === 1 ? '' : ` of ${plural(summary.builds, 'build')}`
  const rounds = `${plural(summary.rounds, 'round')} in ${plural(summary.restarts, 'restart')}${builds}`
  const clients = summary.clients === 1 ? '' : `, clients: ${summary.clients}`
  return `run ${summary.id}, engine ${summary.engine}${clients}, ${rounds}, seed ${summary.seed}, status ${summary.status}`
}

function clientsCaveat({ clients, loads }: RunSummary): string {
  const single = [...new Set(loads.map(({ profile }) => profile))].filter(
    (name) => profileOf(name).hasOneInFlight,
  )
  const inFlight =
    single.length > 0
      ? `: with ${single.join(' and ')} ${clients} requests were in flight at a time, and part of the latency is waiting for each other`
      : ''
  return `${clients} pods of each client sent the same load at the same time${inFlight}. Loads are per pod. Compare with runs of ${clients} clients only.`
}

/** A lab whose programs are all real ones needs none. */
function engineCaveats({ engine, simulated }: RunSummary): string[] {
  if (!simulated) return []
  const engines = engine.split(', ')
  const who = engines.every((one) => one.startsWith('lab-node '))
    ? 'The lab forwards bytes with its own proxies'
    : `Part of what forwards bytes is the lab’s own (${engine})`
  return [`${who}: order and relative cost carry over, the numbers are not Istio’s.`]
}

/** What is said of variants beside the first, as of steps. */
function variantItems({ variants }: RunSummary, metric: MetricSummary, isOnlyMetric: boolean) {
  const rows = variants ? shownVariantRows(variants, metric) : []
  return rows.map(({ path, variant, quantile, comparison, spread }) => ({
    comparison,
    about: `${isOnlyMetric ? '' : `${metric.load} ${metric.name} ${quantile} `}${path} of ${variant}`,
    isForecast: Boolean(spread?.wouldDecide),
  }))
}

/** Paths of which not every round shows that they were what they must be, so that a ratio may be of others. */
function unprovenVariants({ variants, paths }: RunSummary): string[] {
  if (!variants) return []
  const unproven = paths.filter(
    ({ verdicts }) => verdicts.mismatch + verdicts.unproven > 0 || verdicts.proven === 0,
  )
  const names = [...new Set(unproven.map(({ path }) => path))]
  return names.length === 0
    ? []
    : [`Not proven in every round: ${names.join(', ')}. What they are compared by may be other components.`]
}

/** What a reader must know before quoting a number. */
export function caveats(summary: RunSummary, choice: SummaryChoice = {}): string[] {
  const metrics = shownMetrics(summary, choice)
  const hasOne = new Set(metrics.map(({ load, name }) => `${load} ${name}`)).size === 1
  const about = ({ load, name }: MetricSummary, { from, to }: MetricStep) =>
    hasOne ? `${from} → ${to}` : `${load} ${name} ${from} → ${to}`
  const steps = metrics.flatMap((metric) => [
    ...variantItems(summary, metric, hasOne),
    ...metric.steps.map((step) => ({
      comparison: step.comparison,
      about: about(metric, step),
      isForecast: summary.steps.some(
        ({ load, from, to, comparison, spread }) =>
          load === metric.load &&
          from === step.from &&
          to === step.to &&
          comparison === step.comparison &&
          Boolean(spread?.wouldDecide),
      ),
    })),
  ])
  const share = summary.rounds === 0 ? 0 : Math.round((100 * summary.flaggedRounds) / summary.rounds)
  return [
    ...engineCaveats(summary),
    ...(summary.clients === 1 ? [] : [clientsCaveat(summary)]),
    ...(summary.delayMethod === 'none' ? [] : [`Delay between networks is made by ${summary.delayMethod}.`]),
    ...(summary.loadBalancer === 'none' ? [] : [`The load balancer is ${summary.loadBalancer}.`]),
    ...(summary.flaggedRounds === 0
      ? []
      : [
          `${summary.flaggedRounds} of ${plural(summary.rounds, 'round')} (${share} %) ${summary.flaggedRounds === 1 ? 'is flagged; it is' : 'are flagged; they are'} counted here. See: hopmeter results show ${summary.id}`,
        ]),
    ...summary.failures.map(({ path, load, outcomes }) => `${path} under ${load}: ${failedText(outcomes)}.`),
    ...(summary.throttled.length === 0
      ? []
      : [
          `A CPU quota stopped ${summary.throttled.map(({ component, throttledMs }) => `${componentLabel(component)} for ${throttledMs.toFixed(1)} ms`).join(', ')}: those rounds are flagged "throttled". Raise or remove the limit.`,
        ]),
    ...unprovenVariants(summary),
    scopeRemark(summary),
    ...costRemarks(summary),
    ...(steps.some((s) => s.comparison.verdict === 'same')
      ? [`"same" means: the whole interval lies within ${formatMargin(summary.margin)}.`]
      : []),
    ...spreadRemarks(summary),
    ...(summary.reason === undefined ? [] : [`The run ended as "${summary.status}": ${summary.reason}`]),
    ...groupedWarnings(
      steps.map(({ about: what, comparison: { warnings, refused }, isForecast }) => ({
        about: what,
        warnings: warnings.filter(
          ({ code }) =>
            // Said of the paths already, unless it is why there is no verdict.
            (code !== 'failed-requests' || refused) &&
            // Two forecasts of one step would differ: the one that knows where its spread comes from is printed above.
            (code !== 'undecided' || !isForecast),
        ),
      })),
    ),
  ]
}
