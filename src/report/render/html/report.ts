import { plural } from '../../../plural.ts'
import type { ChartedRun, ChartSection } from '../../charts/chart-module.ts'
import { noteOf, sectionOf, type ChartSpec } from '../../charts/kinds.ts'
import { roundName } from '../../../results/round-name.ts'
import { answerOf } from '../../charts/models/answer.ts'
import { comparisonSpec, versionsSpec } from '../../charts/models/comparison-charts.ts'
import { chartsOfRun } from '../../charts/models/run-charts.ts'
import { comparisonsOf } from '../../tables/compared-runs.ts'
import { caveats } from '../../words/caveats.ts'
import { engineOf } from '../../words/engine.ts'
import { environmentFacts, threeSentences } from '../../words/facts.ts'
import { matrixHeading, reportedMatrices } from '../../words/matrix.ts'
import { variantHeading } from '../../words/variants.ts'
import { reproduceCommand, reproduceRemarks } from '../../words/reproduce.ts'
import { costSection, otherTimes } from './cost-section.ts'
import type { Markup } from './markup.ts'
import { safe } from './markup.ts'
import { figure, renderPage } from './page.ts'
import { comparisonSection, pathSection, proofSection, stepSection } from './sections.ts'
import { matrixSection } from './matrix-section.ts'
import { variantSection } from './variant-section.ts'
import { renderNotes } from './table.ts'

export interface HtmlReportOptions {
  /** False leaves all charts out. */
  readonly charts?: boolean | undefined
  /** What is known of the versions beforehand, a line each. */
  readonly knownOfVersions?: readonly string[] | undefined
}

/**
 * Runs as one self-contained HTML page. The first run is the baseline of comparisons.
 * @throws EnvironmentError when the package was not built
 */
export function htmlReport(runs: readonly ChartedRun[], options: HtmlReportOptions = {}): string {
  const [first] = runs
  if (!first) throw new RangeError('a report needs a run')
  const charts: ChartSpec[] = []
  const draw = (spec: ChartSpec | undefined): Markup => {
    if (!spec || options.charts === false) return safe``
    charts.push(spec)
    const label = `${spec.kind} chart: ${spec.model.title}`
    return figure(charts.length - 1, label, noteOf(spec))
  }
  const isSingle = runs.length === 1
  return renderPage({
    title: isSingle
      ? first.result.scenario.title
      : `${first.result.scenario.title}: ${plural(runs.length, 'run')}`,
    sections: [
      { id: 'answer', heading: 'The answer', body: measured(runs) },
      ...(isSingle ? [] : comparisonSections(runs, draw)),
      ...behaviourSections(runs, options.knownOfVersions ?? []),
      ...(isSingle
        ? runSections(first, draw)
        : [{ id: 'runs', heading: 'The runs', body: foldedRuns(runs, draw) }]),
    ],
    charts,
    footer: `Made by hopmeter ${first.result.hopmeterVersion}. Every number can be computed again from the journals of the runs.`,
  })
}

function measured(runs: readonly ChartedRun[]): Markup {
  const [first] = runs
  if (!first) return safe``
  const problems = runs.filter((run) => run.result.status !== 'complete')
  const notices = problems.map(
    ({ result }) =>
      safe`<p class="notice">
        <strong
          >Run ${result.id} is
          ${result.status}${result.reason === undefined ? '' : `: ${result.reason}`}.</strong
        >
        Its numbers must not be quoted.
      </p>`,
  )
  const sentences = threeSentences(first).map((sentence) => safe`${sentence} `)
  const more =
    runs.length === 1
      ? safe``
      : safe`<p>
          This report holds ${plural(runs.length, 'run')} of
          ${plural(new Set(runs.map((run) => engineOf(run.result))).size, 'engine version')}; the sentences
          above are about the first.
        </p>`
  return safe`${notices}
    <p class="answer">${answerOf(first)}</p>
    <p>${sentences}</p>
    ${more}`
}

type Draw = (spec: ChartSpec | undefined) => Markup

function runSections(run: ChartedRun, draw: Draw) {
  const specs = chartsOfRun(run)
  const drawAll = (section: ChartSection) =>
    safe`${specs.filter((spec) => sectionOf(spec) === section).map(draw)}`
  const facts = environmentFacts(run).map(
    ([name, value]) =>
      safe`<dt>${name}</dt>
        <dd>${value}</dd>`,
  )
  const remarks = caveats(run.summary)
  const { variants } = run.summary
  return [
    {
      id: 'variants',
      heading: variantHeading({ areSwitched: variants?.areSwitched ?? false }),
      body: variants
        ? safe`${drawAll('differences')}${variantSection(run, variants)}${drawAll('versions')}`
        : safe``,
    },
    {
      id: 'ladder',
      heading: 'What each component adds',
      body: safe`${drawAll('ladder')}${pathSection(run)}`,
    },
    {
      id: 'differences',
      heading: 'Which differences are real',
      body: safe`${variants ? safe`` : drawAll('differences')}${stepSection(run)}`,
    },
    { id: 'distributions', heading: 'Distributions', body: drawAll('distributions') },
    { id: 'connections', heading: 'New connections', body: drawAll('connections') },
    { id: 'times', heading: 'Other times', body: otherTimes(run) },
    { id: 'cpu', heading: 'CPU time per request', body: costSection(run) },
    { id: 'rounds', heading: 'Rounds', body: safe`${drawAll('rounds')}${flaggedRounds(run)}` },
    { id: 'proof', heading: 'Proof of path', body: proofSection(run) },
    { id: 'topology', heading: 'Topology', body: drawAll('topology') },
    {
      id: 'caveats',
      heading: 'Caveats',
      body: remarks.length === 0 ? safe`<p class="none">None.</p>` : renderNotes(remarks),
    },
    {
      id: 'environment',
      heading: 'Environment, and how to measure it again',
      body: safe`<dl>${facts}</dl>
        <p>The same again:</p>
        <pre><code>${reproduceCommand(run.result)}</code></pre>
        ${renderNotes(reproduceRemarks(run.result))}
        <details>
          <summary>Scenario file</summary>
          <pre><code>${run.result.scenario.text}</code></pre>
        </details>`,
    },
  ].filter(({ body }) => body.markup !== '')
}

function flaggedRounds({ result }: ChartedRun): Markup {
  const flagged = result.measured.filter((round) => round.flags.length > 0)
  if (flagged.length === 0) return safe`<p>No round was flagged.</p>`
  const items = flagged.map((round) => `${roundName(round)}: ${round.flags.join(', ')}`)
  return safe`<details>
    <summary>${plural(flagged.length, 'flagged round')}</summary>
    ${renderNotes(items)}
  </details>`
}

function comparisonSections(runs: readonly ChartedRun[], draw: Draw) {
  const results = runs.map((run) => run.result)
  const deltaNs = runs[0]?.summary.margin.deltaNs ?? 0
  const comparisons = comparisonsOf(results).map((reported) => {
    const { comparison, baseline } = reported
    const chart = comparison.rows.length === 0 ? safe`` : draw(comparisonSpec(comparison, baseline, deltaNs))
    return safe`${chart}${comparisonSection(reported)}`
  })
  const versions = draw(versionsSpec(results))
  const hasVersions = new Set(results.map(engineOf)).size > 1
  return [
    ...(comparisons.length === 0
      ? []
      : [{ id: 'comparison', heading: 'Comparison', body: safe`${comparisons}` }]),
    ...(hasVersions ? [{ id: 'versions', heading: 'Over versions', body: versions }] : []),
  ].filter(({ body }) => body.markup !== '')
}

/** Paths × versions, where there are several of them. */
function behaviourSections(runs: readonly ChartedRun[], warnings: readonly string[]) {
  const matrices = reportedMatrices(runs)
  if (matrices.length === 0) return []
  return [{ id: 'behaviour', heading: matrixHeading, body: matrixSection(matrices, warnings) }]
}

function foldedRuns(runs: readonly ChartedRun[], draw: Draw): Markup {
  return safe`${runs.map(
    (run) =>
      safe`<details>
        <summary>${run.result.id}: ${run.summary.engine}, ${run.result.status}</summary>
        ${runSections(run, draw).map(
          ({ heading, body }) =>
            safe`<h3>${heading}</h3>
              ${body}`,
        )}
      </details>`,
  )}`
}
