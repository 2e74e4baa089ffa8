import { plural } from '../../../plural.ts'
import type { RunResult } from '../../../results/schema.ts'
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

/** p50 of each path over engines; undefined when all runs have the same one. Runs of one engine count together. */
export function versionsModel(runs: readonly RunResult[]): VersionsModel | undefined {
  const engines = [...new Set(runs.map(engineOf))].toSorted((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  )
  const [first] = runs
  if (!first || engines.length < 2) return undefined
  const load = first.loads[0]?.id ?? ''
  const names = [...new Set(runs.flatMap((run) => run.paths))].filter(
    (path) => path.hops !== null && path.controlOf === undefined,
  )
  const paths = [...new Set(names.map((path) => path.name))]
  return {
    title: `Did the cost of a path change between ${engines.length === 2 ? engines.join(' and ') : plural(engines.length, 'version')}?`,
    subtitle: sentences([
      'median (p50) with 95% intervals',
      loadText(first, load),
      `${plural(runs.length, 'run')} of ${first.scenario.name}`,
    ]),
    caption: runs.length > 1 ? `First run: ${runCaption(first)}` : runCaption(first),
    quantity: 'median (p50)',
    versions: engines,
    series: paths.map((path) => ({
      name: path,
      values: engines.map((engine) => {
        const rounds = runs
          .filter((run) => engineOf(run) === engine)
          .map((run) => seriesValues(run.measured, { path, load, quantile: 'p50' }))
        return measuredOf(summarizeSeries(rounds.flat()))
      }),
    })),
  }
}
