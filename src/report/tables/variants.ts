import type { Outcomes } from '../../results/outcomes.ts'
import type { MetricStep, MetricSummary } from '../../analysis/summarize-metrics.ts'
import type { PathSummary, RunSummary } from '../../analysis/summarize-run.ts'
import type { VariantRow, VariantsBeside } from '../../analysis/variants-beside.ts'
import type { SwitchedStep } from '../../analysis/switched-steps.ts'
import { formatDeltaUs, formatFactor } from '../format.ts'
import { othersOf } from '../words/variants.ts'
import {
  countColumn,
  differenceColumns,
  failedCell,
  intervalColumn,
  textColumn,
  usColumn,
} from './columns.ts'
import { floorColumn, pathsOf, provenColumn } from './paths.ts'
import { addedText } from './steps.ts'
import { tableOf, type Column, type Table } from './table.ts'

/** Every path of the scenario, each other variant of it beside the first. */
export function variantTable(
  beside: VariantsBeside,
  { load, name, series }: MetricSummary,
  rows: readonly VariantRow[],
): Table {
  const { baseline } = beside
  const others = othersOf(beside)
  const quantiles = new Set(rows.map(({ quantile }) => quantile))
  const of = quantiles.size === 1 ? `${[...quantiles][0]} of ` : ''
  const only = others.length === 1 ? others[0]?.name : undefined
  const errorsOf = (row: VariantRow) =>
    beside.errors.find((e) => e.path === row.path && e.load === row.load && e.variant === row.variant)
  const failed = (heading: string, outcomes: (row: VariantRow) => Outcomes | undefined) => ({
    heading,
    kind: 'number' as const,
    cell: (row: VariantRow) => failedCell(outcomes(row)),
    isShown: rows.some((row) => failedCell(outcomes(row)).value !== 0),
  })
  const columns: readonly Column<VariantRow>[] = [
    textColumn('path', ({ path }) => path),
    { ...textColumn<VariantRow>('variant', ({ variant }) => variant), isShown: only === undefined },
    { ...textColumn<VariantRow>('quantile', ({ quantile }) => quantile), isShown: quantiles.size > 1 },
    usColumn(`${of}${baseline} µs`, (row) => row.baseline.estimate),
    usColumn(`${of}${only ?? 'the variant'} µs`, (row) => row.contender.estimate),
    ...differenceColumns<VariantRow>('difference µs', ({ comparison }) => comparison),
    failed(`failed of ${baseline}`, (row) => errorsOf(row)?.baseline),
    failed(`failed of ${only ?? 'the variant'}`, (row) => errorsOf(row)?.contender),
  ]
  const what = series === 'warm' ? '' : ` in ${name}`
  const whom = only ?? 'Each variant'
  return tableOf(
    `${whom} against ${baseline}${what} under the load ${load}, paired by ${beside.areSwitched ? 'restart' : 'round'}`,
    columns,
    rows,
  )
}

/** The steps of each load, every other version beside the first; none where versions stood side by side. */
export function switchedStepTables(beside: VariantsBeside): readonly Table[] {
  return [...new Set(beside.steps.map(({ load }) => load))].map((load) => switchedStepTable(beside, load))
}

function switchedStepTable(beside: VariantsBeside, load: string): Table {
  const steps = beside.steps.filter((step) => step.load === load)
  const others = othersOf(beside)
  const only = others.length === 1 ? others[0]?.name : undefined
  const columns: readonly Column<SwitchedStep>[] = [
    textColumn('step', ({ from, to }) => `${from} → ${to}`),
    { ...textColumn<SwitchedStep>('variant', ({ variant }) => variant), isShown: only === undefined },
    stepColumn(beside.baseline, ({ baseline }) => baseline),
    stepColumn(only ?? 'the variant', ({ contender }) => contender),
    ...differenceColumns<SwitchedStep>('difference µs', ({ comparison }) => comparison),
  ]
  return tableOf(
    `Steps of ${only ?? 'each variant'} against ${beside.baseline} under the load ${load}, paired by restart: what the host did to a whole start cancels`,
    columns,
    steps,
  )
}

function stepColumn(heading: string, of: (step: SwitchedStep) => number): Column<SwitchedStep> {
  return {
    heading,
    kind: 'number',
    cell: (step) => ({
      parts: [step.scale === 'ratio' ? formatFactor(of(step)) : `${formatDeltaUs(of(step))} µs`],
      value: of(step),
    }),
  }
}

interface Rung {
  readonly path: PathSummary
  /** From the path before; absent for the first, and where the metric has none. */
  readonly step: MetricStep | undefined
}

/** The ladder of one variant in one metric of a load: its paths, each with what it costs more than the one before. */
export function variantLadder(summary: RunSummary, metric: MetricSummary, variant: string): Table {
  const rungs = pathsOf(summary, metric)
    .filter((path) => path.variant === variant)
    .map((path): Rung => ({
      path,
      step: metric.steps.find(({ to, quantile }) => to === path.path && quantile === 'p50'),
    }))
  const hasTail = metric.series !== 'cold'
  const empty = { parts: [''] }
  const columns: readonly Column<Rung>[] = [
    textColumn('path', ({ path }) => path.scenarioPath ?? path.path),
    countColumn('components', ({ path }) => path.hops),
    usColumn('p50 µs', ({ path }) => path.quantiles.p50.estimate),
    { ...intervalColumn<Rung>(({ path }) => path.quantiles.p50), isDetail: true },
    { ...usColumn<Rung>('p99 µs', ({ path }) => path.quantiles.p99.estimate), isShown: hasTail },
    { ...ofPath(floorColumn), isShown: rungs.some(({ path }) => metric.series === 'warm' && path.floor) },
    ofPath(provenColumn),
    textColumn('adds', ({ step }) => (step ? addedText(summary, metric, step) : '')),
    ...differenceColumns<MetricStep>('step µs', ({ comparison }) => comparison).map(
      (column): Column<Rung> => ({
        ...column,
        cell: ({ step }) => (step ? column.cell(step) : empty),
      }),
    ),
  ]
  const what = metric.series === 'warm' ? '' : `, ${metric.name}`
  return tableOf(`The ladder of ${variant} under the load ${metric.load}${what}`, columns, rungs)
}

function ofPath(column: Column<PathSummary>): Column<Rung> {
  return { ...column, cell: ({ path }) => column.cell(path) }
}
