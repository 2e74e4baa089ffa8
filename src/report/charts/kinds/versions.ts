import { plural } from '../../../plural.ts'
import type { RunResult } from '../../../results/schema.ts'
import { takeVariant } from '../../../results/take-variant.ts'
import { variantNames } from '../../../results/variants.ts'
import { seriesValues } from '../../../analysis/round-values.ts'
import { summarizeSeries } from '../../../stats/summarize-series.ts'
import { engineOf } from '../../words/engine.ts'
import type { ChartModule } from '../chart-module.ts'
import { versionsChart } from '../versions.ts'
import type { VersionsModel } from '../versions.ts'
import { loadText, runCaption, sentences } from '../models/captions.ts'
import { measuredOf } from '../models/shared.ts'

export const versions: ChartModule<'versions', VersionsModel> = {
  kind: 'versions',
  purpose: 'The same paths over versions.',
  note: 'Median with its interval. A gap: the path was not measured or gave no value.',
  section: 'versions',
  per: 'runs',
  modelOf: ({ runs }) => versionsModel(runs),
  draw: versionsChart,
}

/** Intervals of levels overlap long after pairs have told two variants apart. */
function pairedNote({ switched }: RunResult): string {
  const by = switched === true ? 'steps within a restart' : 'pairs of rounds'
  return `Levels move with the host: variants of a run are told apart by ${by}, not by these intervals. `
}

/**
 * p50 of each path over engines, and over variants where runs have them; undefined when there is but one. Runs of one
 * engine count together.
 */
export function versionsModel(runs: readonly RunResult[]): VersionsModel | undefined {
  const columns = runs.flatMap(columnsOf)
  const labels = [...new Set(columns.map(({ label }) => label))]
  const detailOf = (version: string) => columns.find(({ label }) => label === version)
  const hasVariants = runs.some((run) => variantNames(run).length > 0)
  const versionLabels = hasVariants
    ? labels
    : labels.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const [first] = runs
  if (!first || labels.length < 2) return undefined
  const load = first.loads[0]?.id ?? ''
  const names = [...new Set(columns.flatMap(({ run }) => run.paths))].filter(
    (path) => path.hops !== null && path.controlOf === undefined,
  )
  const paths = [...new Set(names.map((path) => path.name))]
  const told = hasVariants ? [...new Set(runs.flatMap(variantNames))] : versionLabels
  const what = hasVariants ? 'variant' : 'version'
  return {
    title: `Did the cost of a path change between ${told.length === 2 ? told.join(' and ') : plural(told.length, what)}?`,
    subtitle: sentences([
      'median (p50) with 95% intervals',
      loadText(first, load),
      `${plural(runs.length, 'run')} of ${first.scenario.name}`,
    ]),
    caption: `${hasVariants ? pairedNote(first) : ''}${runs.length > 1 ? 'First run: ' : ''}${runCaption(first)}`,
    quantity: 'median (p50)',
    versions: hasVariants ? versionLabels.map((v) => detailOf(v)?.name ?? v) : versionLabels,
    ...(hasVariants ? { details: versionLabels.map((v) => detailOf(v)?.engine ?? ''), axis: what } : {}),
    series: paths.map((path) => ({
      name: path,
      values: versionLabels.map((version) => {
        const rounds = columns
          .filter(({ label }) => label === version)
          .map(({ run }) => seriesValues(run.measured, { path, load, quantile: 'p50' }))
        return measuredOf(summarizeSeries(rounds.flat()))
      }),
    })),
  }
}

interface Column {
  /** What counts together. */
  readonly label: string
  readonly name: string
  readonly engine: string
  readonly run: RunResult
}

/** A run under the name of its engine, or each variant of it as a run of its own. */
function columnsOf(run: RunResult): readonly Column[] {
  const variants = variantNames(run)
  if (variants.length === 0) return [{ label: engineOf(run), name: engineOf(run), engine: '', run }]
  return variants.map((variant) => {
    const taken = takeVariant(run, variant)
    const engine = engineOf(taken)
    return { label: `${variant}: ${engine}`, name: variant, engine, run: taken }
  })
}
