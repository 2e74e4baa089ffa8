import type { PathSummary, RunSummary, StepSummary } from '../../stats/summarize-run.ts'
import { bar, withPictures } from '../bars.ts'
import { differencePictures } from '../compare/pictures.ts'
import { formatDeltaUs, formatInterval, formatUs } from '../format.ts'
import { inlineText } from '../markdown/inline.ts'
import { groupedWarnings } from '../warnings.ts'
import { markdownTable, textTable } from '../table.ts'
import { printable } from '../../terminal-text.ts'

const stepHeadings = ['step', 'adds', 'p50 µs', '95 % interval', 'verdict']
const stepNumbers = [2]

/** The ladder for a terminal; bars and intervals are drawn where `columns` leaves room for them. */
export function summaryText(summary: RunSummary, columns?: number): string {
  const parts = [printable(`${summary.scenario}: ${summary.title}`), factsLine(summary)]
  for (const load of loadsOf(summary)) {
    const paths = summary.paths.filter((path) => path.load === load)
    const { headings, rows, right } = pathTable(summary, paths)
    const slowest = Math.max(...paths.map((path) => path.quantiles.p50.estimate ?? 0))
    const drawBar = (row: number, width: number) =>
      bar(paths[row]?.quantiles.p50.estimate ?? 0, slowest, width)
    parts.push(
      '',
      `load ${printable(load)}`,
      withPictures(textTable(headings, rows, right), drawBar, columns),
    )
    const steps = stepsOf(summary, load)
    if (steps.length === 0) continue
    const table = textTable(stepHeadings, steps.map(stepRow), stepNumbers)
    const drawn = differencePictures(steps.map((step) => step.comparison))
    parts.push('', 'What each step costs:', withPictures(table, drawn, columns))
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
    const { headings, rows, right } = pathTable(summary, paths)
    parts.push(`Load ${inlineText(load)}:`, '', markdownTable(headings, rows, right))
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
  const clients = summary.clients === 1 ? '' : `, clients: ${summary.clients}`
  return `run ${summary.id}, engine ${summary.engine}${clients}, ${rounds}, seed ${summary.seed}, status ${summary.status}`
}

function pathTable(summary: RunSummary, paths: readonly PathSummary[]) {
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
    { heading: 'p90 µs', isNumber: true, of: ({ quantiles: { p90 } }: PathSummary) => value(p90.estimate) },
    { heading: 'p99 µs', isNumber: true, of: ({ quantiles: { p99 } }: PathSummary) => value(p99.estimate) },
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

function clientsCaveat({ clients, paths }: RunSummary): string {
  const inFlight = paths.some(({ load }) => load.startsWith('pingpong'))
    ? `: with pingpong ${clients} requests were in flight at a time, and part of the latency is waiting for each other`
    : ''
  return `${clients} pods of each client sent the same load at the same time${inFlight}. Loads are per pod. Compare with runs of ${clients} clients only.`
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
    ...(summary.clients === 1 ? [] : [clientsCaveat(summary)]),
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
