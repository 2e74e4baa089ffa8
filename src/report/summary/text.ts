import type { PathSummary, RunSummary, StepSummary } from '../../stats/summarize-run.ts'
import { formatDeltaUs, formatInterval, formatUs } from '../format.ts'
import { inlineText } from '../markdown/inline.ts'
import { groupedWarnings } from '../warnings.ts'
import { markdownTable, textTable } from '../table.ts'
import { printable } from '../../terminal-text.ts'

const pathHeadings = [
  'path',
  'components',
  'p50 µs',
  '95 % interval',
  'p90 µs',
  'p99 µs',
  'requests',
  'proven',
]
const pathNumbers = [1, 2, 4, 5, 6, 7]
const stepHeadings = ['step', 'adds', 'p50 µs', '95 % interval', 'verdict']
const stepNumbers = [2]

/** The ladder for a terminal. */
export function summaryText(summary: RunSummary): string {
  const parts = [printable(`${summary.scenario}: ${summary.title}`), factsLine(summary)]
  for (const load of loadsOf(summary)) {
    const paths = summary.paths.filter((path) => path.load === load)
    parts.push('', `load ${load}`, textTable(pathHeadings, paths.map(pathRow), pathNumbers).trimEnd())
    const steps = stepsOf(summary, load)
    if (steps.length > 0) {
      parts.push(
        '',
        'What each step costs:',
        textTable(stepHeadings, steps.map(stepRow), stepNumbers).trimEnd(),
      )
    }
  }
  const unreachable = summary.unreachable.map(
    (u) =>
      `${u.path}: ${u.confirmed ? 'unreachable, as expected' : 'reachable, NOT as expected'} (${u.observed})`,
  )
  if (unreachable.length > 0) parts.push('', ...unreachable)
  parts.push('', ...caveats(summary).map((line) => printable(`* ${line}`)))
  return `${parts.join('\n')}\n`
}

/** The ladder for a post. */
export function summaryMarkdown(summary: RunSummary): string {
  const parts = [`### ${inlineText(summary.title)}`, '', inlineText(factsLine(summary)), '']
  for (const load of loadsOf(summary)) {
    const paths = summary.paths.filter((path) => path.load === load)
    parts.push(`Load ${inlineText(load)}:`, '', markdownTable(pathHeadings, paths.map(pathRow), pathNumbers))
    const steps = stepsOf(summary, load)
    if (steps.length > 0)
      parts.push('What each step costs:', '', markdownTable(stepHeadings, steps.map(stepRow), stepNumbers))
  }
  parts.push(...caveats(summary).map((line) => `- ${inlineText(line)}`))
  return `${parts.join('\n')}\n`
}

function loadsOf(summary: RunSummary): readonly string[] {
  return [...new Set(summary.paths.map((path) => path.load))]
}

function stepsOf(summary: RunSummary, load: string): readonly StepSummary[] {
  return [...summary.steps, ...summary.controls].filter((step) => step.load === load)
}

function factsLine(summary: RunSummary): string {
  const rounds = `${summary.rounds} rounds in ${summary.builds} build(s)`
  return `run ${summary.id}, engine ${summary.engine}, ${rounds}, seed ${summary.seed}, status ${summary.status}`
}

function pathRow(path: PathSummary): string[] {
  const { p50, p90, p99 } = path.quantiles
  const { proven, mismatch, unproven } = path.verdicts
  const value = (ns: number | null) => (ns === null ? '-' : formatUs(ns))
  return [
    path.controlOf === undefined ? path.path : `${path.path} (A/A control)`,
    String(path.hops),
    value(p50.estimate),
    formatInterval(p50.low, p50.high, formatUs),
    value(p90.estimate),
    value(p99.estimate),
    String(path.requests),
    `${proven}/${proven + mismatch + unproven}`,
  ]
}

function stepRow({ from, to, adds, comparison }: StepSummary): string[] {
  const { difference, low, high, verdict } = comparison
  return [
    `${from} → ${to}`,
    adds.length === 0 ? 'nothing' : adds.join(', '),
    difference === null ? '-' : formatDeltaUs(difference),
    formatInterval(low, high, formatDeltaUs),
    verdict,
  ]
}

/** What a reader must know before quoting a number. */
export function caveats(summary: RunSummary): string[] {
  const delta = formatUs(summary.deltaNs)
  const share = summary.rounds === 0 ? 0 : Math.round((100 * summary.flaggedRounds) / summary.rounds)
  return [
    ...(summary.engine.startsWith('lab-node')
      ? [
          'The lab forwards bytes with its own proxies: order and relative cost carry over, the numbers are not Istio’s.',
        ]
      : []),
    ...(summary.delayMethod === 'none' ? [] : [`Delay between networks is made by ${summary.delayMethod}.`]),
    ...(summary.loadBalancer === 'none' ? [] : [`The load balancer is ${summary.loadBalancer}.`]),
    ...(summary.flaggedRounds === 0
      ? []
      : [
          `${summary.flaggedRounds} of ${summary.rounds} rounds (${share} %) are flagged; they are counted here. See: hopmeter results show ${summary.id}`,
        ]),
    ...(summary.steps.some((s) => s.comparison.verdict === 'same')
      ? [`"same" means: the whole interval lies within ±${delta} µs.`]
      : []),
    ...(summary.reason === undefined ? [] : [`The run ended as "${summary.status}": ${summary.reason}`]),
    ...groupedWarnings(
      [...summary.steps, ...summary.controls].map((s) => ({
        about: `${s.from} → ${s.to}`,
        warnings: s.comparison.warnings,
      })),
    ),
  ]
}
