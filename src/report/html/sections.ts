import { plural } from '../../plural.ts'
import type { EvidenceDigest, RunResult } from '../../results/schema.ts'
import type { ComparisonRow } from '../../stats/compare-runs.ts'
import type { PathSummary, StepSummary } from '../../stats/summarize-run.ts'
import { componentLabel, componentTitle, pathLabel } from '../../topology/component.ts'
import type { Component } from '../../topology/model.ts'
import type { ChartedRun } from '../charts/models/run-charts.ts'
import { engineOf } from '../charts/models/captions.ts'
import { formatDeltaUs, formatInterval, formatUs } from '../format.ts'
import type { ReportedComparison } from '../compare/pairs.ts'
import type { Markup } from './markup.ts'
import { safe } from './markup.ts'
import { htmlTable } from './table.ts'

/** Paths with their quantiles and intervals, one table per load. */
export function pathTables({ summary }: ChartedRun): Markup {
  const loads = [...new Set(summary.paths.map((path) => path.load))]
  const value = (pick: (path: PathSummary) => number | null) => ({
    number: pick,
    cell: (path: PathSummary) => formatted(pick(path)),
  })
  return safe`${loads.map((load) =>
    htmlTable(
      `Latency of each path under the load ${load}, µs`,
      [
        { heading: 'path', cell: (p) => (p.controlOf === undefined ? p.path : `${p.path} (A/A control)`) },
        { heading: 'components', number: (p) => p.hops, cell: (p) => String(p.hops) },
        { heading: 'p50', ...value((p) => p.quantiles.p50.estimate) },
        {
          heading: '95% interval',
          number: (p) => p.quantiles.p50.low,
          cell: (p) => formatInterval(p.quantiles.p50.low, p.quantiles.p50.high, formatUs),
        },
        { heading: 'p90', ...value((p) => p.quantiles.p90.estimate) },
        { heading: 'p99', ...value((p) => p.quantiles.p99.estimate) },
        {
          heading: 'p99 interval',
          number: (p) => p.quantiles.p99.low,
          cell: (p) => formatInterval(p.quantiles.p99.low, p.quantiles.p99.high, formatUs),
        },
        { heading: 'requests', number: (p) => p.requests, cell: (p) => p.requests.toLocaleString('en') },
      ],
      summary.paths.filter((path) => path.load === load),
    ),
  )}`
}

/** What each step costs, and whether that is clear of zero. */
export function stepTable({ summary }: ChartedRun): Markup {
  return htmlTable<StepSummary>(
    'What each step costs at p50, paired by round, µs',
    [
      { heading: 'step', cell: (s) => `${s.from} → ${s.to}` },
      { heading: 'load', cell: (s) => s.load },
      { heading: 'adds', cell: (s) => (s.adds.length === 0 ? 'nothing' : s.adds.join(', ')) },
      {
        heading: 'difference',
        number: (s) => s.comparison.difference,
        cell: (s) => signed(s.comparison.difference),
      },
      {
        heading: '95% interval',
        number: (s) => s.comparison.low,
        cell: (s) => formatInterval(s.comparison.low, s.comparison.high, formatDeltaUs),
      },
      {
        heading: 'p-value',
        number: (s) => s.comparison.pValue,
        cell: (s) => probability(s.comparison.pValue),
      },
      { heading: 'verdict', cell: (s) => verdict(s.comparison.verdict) },
    ],
    [...summary.steps, ...summary.controls],
  )
}

/** Expected and observed components of each path, the evidence behind a fold. */
export function proofSection({ result, summary }: ChartedRun): Markup {
  const table = htmlTable(
    'Components that each path must visit, and those that were observed',
    [
      { heading: 'path', cell: (path) => path.name },
      {
        heading: 'expected',
        cell: (path) =>
          path.hops === null ? (path.unreachableBecause ?? 'no path') : pathLabel(path.expected),
      },
      {
        heading: 'observed',
        cell: (path) => observedText(result.evidence.filter((e) => e.path === path.name)),
      },
      { heading: 'verdict', cell: (path) => proofVerdict({ result, summary }, path.name) },
    ],
    result.paths,
  )
  const folds = result.evidence
    .filter((e) => e.mismatch > 0 || e.unproven > 0 || e.build === result.evidence[0]?.build)
    .map(evidenceFold)
  return safe`${table}${folds}`
}

function observedText(evidence: readonly EvidenceDigest[]): string {
  const seen = [...new Set(evidence.map((e) => pathLabel(e.sample.observed)))]
  return seen.length === 0 ? 'nothing' : seen.join('; or ')
}

function proofVerdict({ result, summary }: Pick<ChartedRun, 'result' | 'summary'>, name: string): Markup {
  const attempts = summary.unreachable.filter((u) => u.path === name)
  if (attempts.length > 0) return triedVerdict(attempts)
  const own = result.evidence.filter((e) => e.path === name)
  const count = (kind: 'proven' | 'mismatch' | 'unproven') => own.reduce((sum, e) => sum + e[kind], 0)
  return countedVerdict({
    proven: count('proven'),
    mismatch: count('mismatch'),
    unproven: count('unproven'),
  })
}

/** The verdict on a path that must not exist. */
function triedVerdict(attempts: readonly { readonly confirmed: boolean }[]): Markup {
  return attempts.every((u) => u.confirmed)
    ? safe`<span class="verdict-proven">unreachable, as expected</span>`
    : safe`<span class="verdict-mismatch">reachable, not as expected</span>`
}

/** The worst verdict of any round, and in how many the path was proven. */
function countedVerdict(rounds: Readonly<Record<'proven' | 'mismatch' | 'unproven', number>>): Markup {
  const { proven, mismatch, unproven } = rounds
  const kind = mismatch > 0 ? 'mismatch' : unproven > 0 || proven === 0 ? 'unproven' : 'proven'
  return safe`<span class="verdict-${kind}">${kind}</span> (${proven} of ${plural(proven + mismatch + unproven, 'round')})`
}

function evidenceFold({ path, build, sample, sampleRound }: EvidenceDigest): Markup {
  const answers = sample.answeredBy.map((a) => `${a.pod} in ${a.cluster}, ${plural(a.count, 'time')}`)
  return safe`<details>
    <summary>Evidence for ${path}: build ${build}, round ${sampleRound}</summary>
    <p>
      Answered by ${answers.length === 0 ? 'nobody' : answers.join('; ')}. Transport seen:
      ${sample.observedProtocol ?? 'none complete'}.
    </p>
    ${
      sample.reasons.length === 0
        ? undefined
        : safe`<ul>
            ${sample.reasons.map((reason) => safe`<li>${reason}</li>`)}
          </ul>`
    }
    ${htmlTable(
      `What each component of ${path} saw in build ${build}, round ${sampleRound}`,
      [
        { heading: 'component', cell: (hop) => componentLabel(hop.component) },
        { heading: 'from', cell: (hop) => hop.source ?? '-' },
        { heading: 'identity', cell: (hop) => hop.sourceIdentity ?? '-' },
        { heading: 'asked for', cell: (hop) => hop.requested ?? '-' },
        { heading: 'dialled', cell: (hop) => hop.upstream ?? '-' },
        { heading: 'connections', number: (hop) => hop.connections, cell: (hop) => counted(hop.connections) },
        { heading: 'bytes up', number: (hop) => hop.bytesUp, cell: (hop) => counted(hop.bytesUp) },
        { heading: 'bytes down', number: (hop) => hop.bytesDown, cell: (hop) => counted(hop.bytesDown) },
      ],
      sample.hops,
    )}
  </details>`
}

/** One comparison as a table, or why there is none. */
export function comparisonTable({ comparison, refusals }: ReportedComparison): Markup {
  const title = `${comparison.contender} against ${comparison.baseline}`
  if (refusals.length > 0) {
    return safe`<div class="notice">
      <p>${title}: not compared.</p>
      <ul>
        ${refusals.map((why) => safe`<li>${why}</li>`)}
      </ul>
    </div>`
  }
  const table = htmlTable<ComparisonRow>(
    `${title}, µs; builds are the sample`,
    [
      {
        heading: 'path',
        cell: (row) => (row.relativeTo === null ? row.path : `${row.path} − ${row.relativeTo}`),
      },
      { heading: 'load', cell: (row) => row.load },
      { heading: 'metric', cell: (row) => row.metric },
      { heading: 'quantile', cell: (row) => row.quantile },
      {
        heading: 'baseline',
        number: (row) => row.baseline.estimate,
        cell: (row) => formatted(row.baseline.estimate),
      },
      {
        heading: 'contender',
        number: (row) => row.contender.estimate,
        cell: (row) => formatted(row.contender.estimate),
      },
      {
        heading: 'difference',
        number: (row) => row.comparison.difference,
        cell: (row) => signed(row.comparison.difference),
      },
      {
        heading: '95% interval',
        number: (row) => row.comparison.low,
        cell: (row) => formatInterval(row.comparison.low, row.comparison.high, formatDeltaUs),
      },
      { heading: 'verdict', cell: (row) => verdict(row.comparison.verdict) },
    ],
    comparison.rows,
  )
  const leftOut =
    comparison.leftOut.length === 0
      ? undefined
      : safe`<p>Not proven on both sides, and so not compared: ${comparison.leftOut.join(', ')}.</p>`
  return safe`${table}${leftOut}`
}

/** How each path behaved under each engine: expected and observed components, and the verdict. */
export function behaviourMatrix(runs: readonly ChartedRun[]): Markup {
  const engines = [...new Set(runs.map((run) => engineOf(run.result)))]
  const paths = [
    ...new Map(
      runs
        .flatMap((run) => run.result.paths)
        .filter((path) => path.controlOf === undefined)
        .map((path) => [path.name, path]),
    ).values(),
  ]
  return htmlTable(
    'What each path must visit, and what was observed under each version',
    [
      { heading: 'path', cell: (path: RunResult['paths'][number]) => path.name },
      {
        heading: 'expected',
        cell: (path) => (path.hops === null ? 'unreachable' : chainText(path.expected)),
      },
      ...engines.map((engine) => ({
        heading: engine,
        cell: (path: RunResult['paths'][number]) => behaviour(runs, engine, path.name),
      })),
    ],
    paths,
  )
}

/** e.g. `4: client pod → ztunnel → ztunnel → server pod`. */
function chainText(components: readonly Component[]): string {
  return `${components.length}: ${components.map(({ kind }) => componentTitle(kind)).join(' → ')}`
}

function behaviour(runs: readonly ChartedRun[], engine: string, name: string): Markup {
  const own = runs.filter(
    (run) => engineOf(run.result) === engine && run.result.paths.some((p) => p.name === name),
  )
  const evidence = own.flatMap((run) => run.result.evidence.filter((e) => e.path === name))
  const seen = evidence.map(
    (e) => `${chainText(e.sample.observed)} (${e.sample.observedProtocol ?? 'no complete trail'})`,
  )
  const tried = own.flatMap((run) => run.summary.unreachable.filter((u) => u.path === name))
  if (own.length === 0) return safe`not in these runs`
  if (tried.length > 0) return safe`${tried.map(({ observed }) => safe`${observed} `)}${triedVerdict(tried)}`
  const count = (kind: 'proven' | 'mismatch' | 'unproven') => evidence.reduce((sum, e) => sum + e[kind], 0)
  const [proven, mismatch, unproven] = [count('proven'), count('mismatch'), count('unproven')]
  return safe`${seen.length === 0 ? 'nothing observed' : [...new Set(seen)].join('; or ')} ${countedVerdict({ proven, mismatch, unproven })}`
}

function verdict(text: string): Markup {
  return safe`<span class="verdict-${text.replaceAll(' ', '-')}">${text}</span>`
}

function formatted(ns: number | null): string {
  return ns === null ? '-' : formatUs(ns)
}

function signed(ns: number | null): string {
  return ns === null ? '-' : formatDeltaUs(ns)
}

function counted(value: number | undefined): string {
  return value === undefined ? '-' : value.toLocaleString('en')
}

function probability(p: number | null): string {
  if (p === null) return '-'
  return p < 0.001 ? '< 0.001' : p.toFixed(3)
}
