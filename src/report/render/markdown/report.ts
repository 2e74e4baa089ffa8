import path from 'node:path'
import { variantHeading } from '../../words/variants.ts'
import { plural } from '../../../plural.ts'
import { requireOrdinary, writeAtomically } from '../../../results/durable.ts'
import { writeWhereAsked } from '../../../results/write-asked.ts'
import { writeError } from '../../../results/write-error.ts'
import type { ChartedRun, ChartSection } from '../../charts/chart-module.ts'
import { sectionOf, type ChartSpec } from '../../charts/kinds.ts'
import { comparisonCharts } from '../../charts/models/comparison-charts.ts'
import { chartsOfRun } from '../../charts/models/run-charts.ts'
import { writeCharts } from '../../charts/write.ts'
import { comparisonsOf } from '../../tables/compared-runs.ts'
import { proofTable } from '../../tables/proof.ts'
import { caveats } from '../../words/caveats.ts'
import { engineOf } from '../../words/engine.ts'
import { environmentFacts, threeSentences } from '../../words/facts.ts'
import { matrixHeading, reportedMatrices } from '../../words/matrix.ts'
import { reproduceCommand, reproduceRemarks } from '../../words/reproduce.ts'
import { fenced, inlineText } from './inline.ts'
import { matrixMarkdown } from './matrix.ts'
import { comparisonTables, costTablesOf, latencyTables } from './sections.ts'
import { markdownTable, renderMarkdown } from './table.ts'
import { ladderTables, variantTables } from './variants.ts'

interface Picture {
  readonly spec: ChartSpec
  readonly file: string
}

export interface MarkdownReportOptions {
  /** Charts to show, each with its file, relative to the text and with slashes. */
  readonly pictures?: readonly Picture[] | undefined
  /** What is known of the versions beforehand, a line each. */
  readonly knownOfVersions?: readonly string[] | undefined
}

/** Runs as Markdown. The first run is the baseline of comparisons and the one that is shown in full. */
export function markdownReport(
  runs: readonly ChartedRun[],
  { pictures = [], knownOfVersions = [] }: MarkdownReportOptions = {},
): string {
  const [first] = runs
  if (!first) throw new RangeError('a report needs a run')
  const { result } = first
  const show = (...sections: ChartSection[]) =>
    pictures
      .filter(({ spec }) => sections.includes(sectionOf(spec)))
      .map(
        ({ file, spec }) => `![${inlineText(`${spec.kind} chart: ${spec.model.title}`)}](${encodeURI(file)})`,
      )
  const comparisons = comparisonsOf(runs.map((run) => run.result)).flatMap(({ comparison, refusals }) =>
    refusals.length === 0
      ? comparisonTables(comparison)
      : [
          `${inlineText(`${comparison.contender} against ${comparison.baseline}`)}: not compared.`,
          ...refusals.map((why) => `- ${inlineText(why)}`),
        ],
  )
  const costs = costTablesOf(first.summary)
  const { variants } = first.summary
  const matrices = reportedMatrices(runs)
  const bad = runs.filter((run) => run.result.status !== 'complete')
  const parts = [
    `# ${inlineText(result.scenario.title)}`,
    ...bad.map(
      (run) =>
        `> **Run ${inlineText(run.result.id)} is ${run.result.status}${run.result.reason === undefined ? '' : `: ${inlineText(run.result.reason)}`}.** Its numbers must not be quoted.`,
    ),
    threeSentences(first).map(inlineText).join(' '),
    ...(runs.length === 1
      ? []
      : [
          `${plural(runs.length, 'run')}: ${runs.map((run) => `${inlineText(run.result.id)} (${inlineText(engineOf(run.result))})`).join(', ')}.`,
        ]),
    ...(comparisons.length === 0
      ? []
      : ['## Comparison', ...(variants ? [] : show('versions')), ...comparisons]),
    ...(matrices.length === 0 ? [] : [`## ${matrixHeading}`, matrixMarkdown(matrices, knownOfVersions)]),
    ...(variants
      ? [
          `## ${variantHeading(variants)}`,
          ...show('differences', 'versions'),
          ...variantTables(first.summary, variants),
        ]
      : []),
    '## Topology',
    ...show('topology'),
    '## Proof of path',
    renderMarkdown(
      proofTable({
        evidence: result.evidence.map((e) => e.sample),
        unreachable: result.unreachable.map((u) => ({ type: 'unreachable' as const, ...u })),
      }),
    ),
    '## What each component adds',
    ...(variants ? show('ladder') : show('ladder', 'differences')),
    ...(variants ? ladderTables(first.summary, variants) : latencyTables(first.summary)),
    '## Distributions and rounds',
    ...show('distributions', 'rounds', 'connections'),
    ...(costs.length === 0 ? [] : ['## CPU time per request', ...costs]),
    '## Caveats',
    caveats(first.summary)
      .map((text) => `- ${inlineText(text)}`)
      .join('\n'),
    '## Environment, and how to measure it again',
    markdownTable(['fact', 'value'], environmentFacts(first)),
    fenced(reproduceCommand(result), 'sh'),
    reproduceRemarks(result)
      .map((text) => `- ${inlineText(text)}`)
      .join('\n'),
  ]
  return `${parts
    .map((part) => part.trimEnd())
    .filter((part) => part !== '')
    .join('\n\n')}\n`
}

/**
 * Writes the Markdown and, unless `charts` is false, its PNG files into a folder of the same name beside it.
 * `asked`: the user named the file, so links on the way are the user's.
 */
export async function writeMarkdownReport(
  runs: readonly ChartedRun[],
  file: string,
  options: Pick<MarkdownReportOptions, 'knownOfVersions'> & {
    readonly charts?: boolean | undefined
    readonly asked?: boolean | undefined
  } = {},
): Promise<string[]> {
  const specs =
    options.charts === false ? [] : [...comparisonCharts(runs), ...runs.slice(0, 1).flatMap(chartsOfRun)]
  const folder = `${path.basename(file, path.extname(file))}-charts`
  const beside = path.join(path.dirname(file), folder)
  if (!options.asked && specs.length > 0) {
    await requireOrdinary(beside, 'folder').catch((error: unknown) => {
      throw writeError(beside, error, { option: '--out' })
    })
  }
  const files = specs.length === 0 ? [] : await writeCharts(specs, beside, { format: 'png', theme: 'light' })
  const pictures = specs.map((spec, index) => ({
    spec,
    file: `${folder}/${path.basename(files[index] ?? '')}`,
  }))
  const text = markdownReport(runs, { pictures, knownOfVersions: options.knownOfVersions })
  await (options.asked ? writeWhereAsked(file, text) : writeAtomically(file, text, '--out'))
  return [file, ...files]
}
