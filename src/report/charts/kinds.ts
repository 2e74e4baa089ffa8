import { deltaChart, deltaHeight } from './delta.ts'
import type { DeltaModel } from './delta.ts'
import { ecdfChart } from './ecdf.ts'
import type { EcdfModel } from './ecdf.ts'
import { frameHeight } from './frame.ts'
import type { LadderModel } from './ladder-model.ts'
import { ladderChart } from './ladder.ts'
import { newVsReusedChart } from './new-vs-reused.ts'
import type { NewVsReusedModel } from './new-vs-reused.ts'
import { percentilesChart } from './percentiles.ts'
import type { PercentilesModel } from './percentiles.ts'
import { roundsChart } from './rounds.ts'
import type { RoundsModel } from './rounds.ts'
import type { Drawing, Stage } from './stage.ts'
import type { TopologyModel } from './topology-model.ts'
import { topologyChart, topologyHeight } from './topology.ts'
import { versionsChart } from './versions.ts'
import type { VersionsModel } from './versions.ts'

interface Labelled {
  /** The load that it shows; absent where it is about none. */
  readonly load?: string | undefined
  /** What tells it from others of its kind and load: a run, the engines compared. */
  readonly about?: string | undefined
}

/** A chart as data: its kind and its view model. Plain JSON, so that a page can carry it. */
export type ChartSpec =
  | (Labelled & { readonly kind: 'ladder'; readonly model: LadderModel })
  | (Labelled & { readonly kind: 'percentiles'; readonly model: PercentilesModel })
  | (Labelled & { readonly kind: 'ecdf'; readonly model: EcdfModel })
  | (Labelled & { readonly kind: 'delta'; readonly model: DeltaModel })
  | (Labelled & { readonly kind: 'rounds'; readonly model: RoundsModel })
  | (Labelled & { readonly kind: 'versions'; readonly model: VersionsModel })
  | (Labelled & { readonly kind: 'new-vs-reused'; readonly model: NewVsReusedModel })
  | (Labelled & { readonly kind: 'topology'; readonly model: TopologyModel })

export type ChartKind = ChartSpec['kind']

export const chartKinds: readonly ChartKind[] = [
  'ladder',
  'percentiles',
  'ecdf',
  'delta',
  'rounds',
  'versions',
  'new-vs-reused',
  'topology',
]

export function drawingOf(chart: ChartSpec): Drawing {
  switch (chart.kind) {
    case 'ladder':
      return ladderChart(chart.model)
    case 'percentiles':
      return percentilesChart(chart.model)
    case 'ecdf':
      return ecdfChart(chart.model)
    case 'delta':
      return deltaChart(chart.model)
    case 'rounds':
      return roundsChart(chart.model)
    case 'versions':
      return versionsChart(chart.model)
    case 'new-vs-reused':
      return newVsReusedChart(chart.model)
    case 'topology':
      return topologyChart(chart.model)
  }
}

/** Points of height that suit this chart on a stage of this width; the stage's own height does not matter. */
export function heightOf(chart: ChartSpec, stage: Stage): number {
  const frame = frameHeight(stage, chart.model)
  if (chart.kind === 'delta') return Math.round(frame + deltaHeight(chart.model, stage))
  if (chart.kind === 'topology') return Math.round(frame + topologyHeight(chart.model, stage))
  // Narrow pictures are taller in proportion: their text does not shrink below what can be read.
  const usual = 675 * (stage.width >= 1200 ? stage.width / 1200 : 0.4 + (0.6 * stage.width) / 1200)
  return Math.round(usual + Math.max(0, frame - usual * 0.26))
}
