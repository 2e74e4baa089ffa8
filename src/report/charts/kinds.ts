import type { ChartModule, ChartSection } from './chart-module.ts'
import { frameHeight } from './frame.ts'
import { delta } from './kinds/delta.ts'
import { ecdf } from './kinds/ecdf.ts'
import { ladder } from './kinds/ladder.ts'
import { newVsReused } from './kinds/new-vs-reused.ts'
import { percentiles } from './kinds/percentiles.ts'
import { rounds } from './kinds/rounds.ts'
import { topology } from './kinds/topology.ts'
import { versions } from './kinds/versions.ts'
import type { Drawing, Stage } from './stage.ts'

/** Every kind of chart. */
export const chartModules = [
  ladder,
  percentiles,
  ecdf,
  delta,
  rounds,
  versions,
  newVsReused,
  topology,
] as const

interface Labelled {
  /** The load that it shows; absent where it is about none. */
  readonly load?: string | undefined
  /** What tells it from others of its kind and load: a run, the engines compared. */
  readonly about?: string | undefined
}

type SpecOf<Module> =
  Module extends ChartModule<infer Kind, infer Model>
    ? Labelled & { readonly kind: Kind; readonly model: Model }
    : never

/** A chart as data: its kind and its view model. Plain JSON, so that a page can carry it. */
export type ChartSpec = SpecOf<(typeof chartModules)[number]>

export type ChartKind = ChartSpec['kind']

export const chartKinds: readonly ChartKind[] = chartModules.map(({ kind }) => kind)

export function drawingOf(chart: ChartSpec): Drawing {
  return moduleOf(chart).draw(chart.model)
}

/** How to read the chart. */
export function noteOf(chart: ChartSpec): string {
  return moduleOf(chart).note
}

export function sectionOf(chart: ChartSpec): ChartSection {
  return moduleOf(chart).section
}

/** Points of height that suit this chart on a stage of this width; the stage's own height does not matter. */
export function heightOf(chart: ChartSpec, stage: Stage): number {
  const frame = frameHeight(stage, chart.model)
  const own = moduleOf(chart).height?.(chart.model, stage)
  if (own !== undefined) return Math.round(frame + own)
  // Narrow pictures are taller in proportion: their text does not shrink below what can be read.
  const usual = 675 * (stage.width >= 1200 ? stage.width / 1200 : 0.4 + (0.6 * stage.width) / 1200)
  return Math.round(usual + Math.max(0, frame - usual * 0.26))
}

/** The module of a chart's kind, which takes models of that kind and no other. */
function moduleOf({ kind }: ChartSpec): ChartModule<string, ChartSpec['model']> {
  const found = chartModules.find((module) => module.kind === kind)
  if (!found) throw new RangeError(`there is no chart of the kind "${kind}"`)
  return found as unknown as ChartModule<string, ChartSpec['model']>
}
