import { plural } from '../../plural.ts'
import { isChosen } from '../../stats/metrics.ts'
import type { MetricStep, MetricSummary } from '../../stats/summarize-metrics.ts'
import type { PathSummary, RunSummary } from '../../stats/summarize-run.ts'
import { componentLabel } from '../../topology/component.ts'
import { bar, withPictures } from '../bars.ts'
import { differencePictures } from '../compare/pictures.ts'
import { costRemarks, costTables } from '../cost-tables.ts'
import { formatDeltaUs, formatInterval, formatUs } from '../format.ts'
import { inlineText } from '../markdown/inline.ts'
import { groupedWarnings } from '../warnings.ts'
import { markdownTable, textTable } from '../table.ts'
import { printable } from '../../terminal-text.ts'

export interface SummaryChoice {
  /** Names of metrics to show; the defaults of each load's profile unless given. */
  readonly metrics?: readonly string[] | undefined
}

/** The ladder for a terminal; bars and intervals are drawn where `columns` leaves room for them. */
export function summaryText(summary: RunSummary, columns?: number, choice: SummaryChoice = {}): string {
  const parts = [printable(`${summary.scenario}: ${summary.title}`), factsLine(summary)]
  for (const metric of shownMetrics(summary, choice)) {
    const paths = pathsOf(summary, metric)
    const { headings, rows, right } = pathTable(summary, paths, metric)
    const slowest = Math.max(...paths.map((path) => path.quantiles.p50.estimate ?? 0))
    const drawBar = (row: number, width: number) =>
      bar(paths[row]?.quantiles.p50.estimate ?? 0, slowest, width)
    parts.push(
      '',
      printable(`load ${headingOf(summary, metric)}`),
      withPictures(textTable(headings, rows, right), drawBar, columns),
    )
    const steps = [...metric.steps, ...metric.controls]
    if (steps.length === 0) continue
    const table = stepTable(summary, metric, steps)
    const drawn = differencePictures(steps.map((step) => step.comparison))
    parts.push(
      '',
      'What each step costs:',
      withPictures(textTable(table.headings, table.rows, table.right), drawn, columns),
    )
  }
  for (const { title, headings, rows, right } of costTables(summary))
    parts.push('', printable(`${title}:`), textTable(headings, rows, right).trimEnd())
  const unreachable = summary.unreachable.map(
    (u) =>
      `${u.path}: ${u.confirmed ? 'unreachable, as expected' : 'reachable, NOT as expected'} (${u.observed})`,
  )
  if (unreachable.length > 0) parts.push('', ...unreachable)
  parts.push('', ...caveats(summary, choice).map((line) => printable(`* ${line}`)))
  return `${parts.join('\n')}\n`
}

/** The ladder for a post. */
export function summaryMarkdown(summary: RunSummary, choice: SummaryChoice = {}): string {
  const parts = [`### ${inlineText(summary.title)}`, '', inlineText(factsLine(summary)), '']
  for (const metric of shownMetrics(summary, choice)) {
    const { headings, rows, right } = pathTable(summary, pathsOf(summary, metric), metric)
    parts.push(`Load ${inlineText(headingOf(summary, metric))}:`, '', markdownTable(headings, rows, right))
    const steps = [...metric.steps, ...metric.controls]
    if (steps.length === 0) continue
    const table = stepTable(summary, metric, steps)
    parts.push('What each step costs:', '', markdownTable(table.headings, table.rows, table.right))
  }
  for (const { title, headings, rows, right } of costTables(summary))
    parts.push(`${inlineText(title)}:`, '', markdownTable(headings, rows, right))
  parts.push(...caveats(summary, choice).map((line) => `- ${inlineText(line)}`))
  return `${parts.join('\n')}\n`
}

function shownMetrics(summary: RunSummary, { metrics = [] }: SummaryChoice): readonly MetricSummary[] {
  return summary.metrics.filter((metric) => isChosen(metric, metrics))
}

/** The load, and which time of it where the load has more than one. */
function headingOf(summary: RunSummary, { load, name, title }: MetricSummary): string {
  const isOnly = summary.metrics.filter((m) => m.load === load && m.isDefault).length === 1
  return isOnly && name === 'latency' ? load : `${load}, ${name}: ${title}`
}

/** The paths of a load with the quantiles of one of its metrics. */
function pathsOf(summary: RunSummary, metric: MetricSummary): readonly PathSummary[] {
  return summary.paths.flatMap((path): PathSummary[] => {
    const own = metric.paths.find((p) => p.path === path.path)
    if (path.load !== metric.load || !own) return []
    return [{ ...path, requests: own.count, quantiles: own.quantiles, valid: own.valid }]
  })
}

function stepTable(summary: RunSummary, { load }: MetricSummary, steps: readonly MetricStep[]) {
  const hasQuantiles = new Set(steps.map((step) => step.quantile)).size > 1
  const adds = ({ from, to }: MetricStep) =>
    [...summary.steps, ...summary.controls].find((s) => s.load === load && s.from === from && s.to === to)
      ?.adds ?? []
  return {
    headings: [
      'step',
      'adds',
      ...(hasQuantiles ? ['quantile', 'µs'] : ['p50 µs']),
      '95 % interval',
      'verdict',
    ],
    rows: steps.map((step) => {
      const { difference, low, high, verdict } = step.comparison
      return [
        `${step.from} → ${step.to}`,
        adds(step).length === 0 ? 'nothing' : adds(step).join(', '),
        ...(hasQuantiles ? [step.quantile] : []),
        difference === null ? '-' : formatDeltaUs(difference),
        formatInterval(low, high, formatDeltaUs),
        verdict,
      ]
    }),
    right: [hasQuantiles ? 3 : 2],
  }
}

function factsLine(summary: RunSummary): string {
  const rounds = `${plural(summary.rounds, 'round')} in ${plural(summary.builds, 'build')}`
  const clients = summary.clients === 1 ? '' : `, clients: ${summary.clients}`
  return `run ${summary.id}, engine ${summary.engine}${clients}, ${rounds}, seed ${summary.seed}, status ${summary.status}`
}

function pathTable(summary: RunSummary, paths: readonly PathSummary[], { series }: MetricSummary) {
  // First requests are too few for a tail.
  const hasTail = series !== 'cold'
  const hasFlagged = summary.flaggedRounds > 0
  const cells = [
    { heading: 'path', isNumber: false, of: pathName },
    { heading: 'components', isNumber: true, of: (path: PathSummary) => String(path.hops) },
    { heading: 'p50 µs', isNumber: true, of: ({ quantiles: { p50 } }: PathSummary) => value(p50.estimate) },
    {
      heading: '95 % interval',
      isNumber: false,
      of: ({ quantiles: { p50 } }: PathSummary) => formatInterval(p50.low, p50.high, formatUs),
    },
    // With flagged rounds both are shown: what all rounds say, and what those without a flag say.
    {
      heading: 'p50 unflagged',
      isNumber: true,
      of: ({ valid }: PathSummary) => value(valid?.p50.estimate ?? null),
      isHidden: !hasFlagged,
    },
    {
      heading: 'p90 µs',
      isNumber: true,
      of: ({ quantiles: { p90 } }: PathSummary) => value(p90.estimate),
      isHidden: !hasTail,
    },
    {
      heading: 'p99 µs',
      isNumber: true,
      of: ({ quantiles: { p99 } }: PathSummary) => value(p99.estimate),
      isHidden: !hasTail,
    },
    { heading: 'requests', isNumber: true, of: (path: PathSummary) => String(path.requests) },
    { heading: 'proven', isNumber: true, of: provenShare },
  ].filter((cell) => !cell.isHidden)
  return {
    headings: cells.map((cell) => cell.heading),
    rows: paths.map((path) => cells.map((cell) => cell.of(path))),
    right: cells.flatMap((cell, i) => (cell.isNumber ? [i] : [])),
  }
}

function value(ns: number | null): string {
  return ns === null ? '-' : formatUs(ns)
}

function pathName(path: PathSummary): string {
  return path.controlOf === undefined ? path.path : `${path.path} (A/A control)`
}

function provenShare({ verdicts: { proven, mismatch, unproven } }: PathSummary): string {
  return `${proven}/${proven + mismatch + unproven}`
}

function clientsCaveat({ clients, paths }: RunSummary): string {
  const inFlight = paths.some(({ load }) => load.startsWith('pingpong'))
    ? `: with pingpong ${clients} requests were in flight at a time, and part of the latency is waiting for each other`
    : ''
  return `${clients} pods of each client sent the same load at the same time${inFlight}. Loads are per pod. Compare with runs of ${clients} clients only.`
}

/** What a reader must know before quoting a number. */
export function caveats(summary: RunSummary, choice: SummaryChoice = {}): string[] {
  const metrics = shownMetrics(summary, choice)
  const hasOne = new Set(metrics.map(({ load, name }) => `${load} ${name}`)).size === 1
  const about = ({ load, name }: MetricSummary, { from, to }: MetricStep) =>
    hasOne ? `${from} → ${to}` : `${load} ${name} ${from} → ${to}`
  const steps = metrics.flatMap((metric) =>
    [...metric.steps, ...metric.controls].map((step) => ({ about: about(metric, step), ...step })),
  )
  const delta = formatUs(summary.deltaNs)
  const share = summary.rounds === 0 ? 0 : Math.round((100 * summary.flaggedRounds) / summary.rounds)
  return [
    ...(/^lab-(?:node\+|\S+\+node)/.test(summary.engine)
      ? [
          `Part of what forwards bytes is the lab’s own (${summary.engine}): order and relative cost carry over, the numbers are not Istio’s.`,
        ]
      : []),
    ...(summary.engine.startsWith('lab-node ')
      ? [
          'The lab forwards bytes with its own proxies: order and relative cost carry over, the numbers are not Istio’s.',
        ]
      : []),
    ...(summary.clients === 1 ? [] : [clientsCaveat(summary)]),
    ...(summary.delayMethod === 'none' ? [] : [`Delay between networks is made by ${summary.delayMethod}.`]),
    ...(summary.loadBalancer === 'none' ? [] : [`The load balancer is ${summary.loadBalancer}.`]),
    ...(summary.flaggedRounds === 0
      ? []
      : [
          `${summary.flaggedRounds} of ${plural(summary.rounds, 'round')} (${share} %) ${summary.flaggedRounds === 1 ? 'is flagged; it is' : 'are flagged; they are'} counted here. See: hopmeter results show ${summary.id}`,
        ]),
    ...(summary.throttled.length === 0
      ? []
      : [
          `A CPU quota stopped ${summary.throttled.map(({ component, throttledMs }) => `${componentLabel(component)} for ${throttledMs.toFixed(1)} ms`).join(', ')}: those rounds are flagged "throttled". Raise or remove the limit.`,
        ]),
    ...costRemarks(summary),
    ...(steps.some((s) => s.comparison.verdict === 'same')
      ? [`"same" means: the whole interval lies within ±${delta} µs.`]
      : []),
    ...(summary.reason === undefined ? [] : [`The run ended as "${summary.status}": ${summary.reason}`]),
    ...groupedWarnings(steps.map((s) => ({ about: s.about, warnings: s.comparison.warnings }))),
  ]
}
