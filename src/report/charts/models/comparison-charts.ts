import type { RunResult } from '../../../results/schema.ts'
import type { RunComparison } from '../../../stats/compare-runs.ts'
import { seriesValues } from '../../../stats/round-values.ts'
import { summarizeSeries } from '../../../stats/summarize-series.ts'
import type { ChartSpec } from '../kinds.ts'
import { plural } from '../../../plural.ts'
import { engineOf } from '../../words/engine.ts'
import { loadText, runCaption, sentences } from './captions.ts'
import { comparisonTitle } from './findings.ts'
import { comparisonsOf } from '../../tables/compared-runs.ts'
import { differenceOf, measuredOf, type ChartedRun } from './run-charts.ts'

/** Forest plot of a comparison of runs: one group per quantile, one row per path and load. */
export function comparisonSpec(comparison: RunComparison, baseline: RunResult, deltaNs: number): ChartSpec {
  const headlines = comparison.rows.filter((row) => row.isHeadline)
  const loads = new Set(headlines.map((row) => row.load))
  const quantiles = [...new Set(headlines.map((row) => row.quantile))]
  return {
    kind: 'delta',
    about: `${comparison.contender} against ${comparison.baseline}`,
    model: {
      title: comparisonTitle(comparison),
      subtitle:
        'Each path over the path with the fewest components, at the level of the first runs, so that what the host does to all cancels. 95% intervals.',
      caption: `Grey band: ±${deltaNs / 1e3} µs, too little to matter. ${runCaption(baseline)}`,
      negligibleNs: deltaNs,
      rows: quantiles.flatMap((quantile) =>
        headlines
          .filter((row) => row.quantile === quantile)
          .map((row) => ({
            group: quantile,
            label:
              (row.relativeTo === null ? row.path : `${row.path} / ${row.relativeTo}`) +
              (loads.size > 1 ? ` (${row.load})` : ''),
            differenceNs: differenceOf(row.comparison),
            verdict: row.comparison.verdict,
          })),
      ),
    },
  }
}

/** p50 of each path over engines; undefined when all runs have the same one. Runs of one engine count together. */
export function versionsSpec(runs: readonly RunResult[]): ChartSpec | undefined {
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
    kind: 'versions',
    load,
    model: {
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
    },
  }
}

/** What several runs look like beside each other: differences from the first, and paths over versions. */
export function comparisonCharts(runs: readonly ChartedRun[]): ChartSpec[] {
  const results = runs.map((run) => run.result)
  const deltaNs = runs[0]?.summary.margin.deltaNs ?? 0
  const differences = comparisonsOf(results)
    .filter(({ comparison }) => comparison.rows.length > 0)
    .map(({ comparison, baseline }) => comparisonSpec(comparison, baseline, deltaNs))
  const versions = versionsSpec(results)
  return versions ? [...differences, versions] : differences
}
