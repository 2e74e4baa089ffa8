import { deltaChart, deltaHeight } from './delta.ts'
import type { DeltaModel } from './delta.ts'
import { ecdfChart } from './ecdf.ts'
import type { EcdfModel } from './ecdf.ts'
import { ladderChart } from './ladder.ts'
import type { LadderModel } from './ladder.ts'
import { newVsReusedChart } from './new-vs-reused.ts'
import type { NewVsReusedModel } from './new-vs-reused.ts'
import { percentilesChart } from './percentiles.ts'
import type { PercentilesModel } from './percentiles.ts'
import { roundsChart } from './rounds.ts'
import type { RoundsModel } from './rounds.ts'
import type { Drawing } from './stage.ts'
import { topologyChart, topologyHeight } from './topology.ts'
import type { TopologyModel } from './topology.ts'
import { versionsChart } from './versions.ts'
import type { VersionsModel } from './versions.ts'

/** A chart as data: its kind and its view model. Plain JSON, so that a page can carry it. */
export type ChartSpec =
  | { readonly kind: 'ladder'; readonly model: LadderModel }
  | { readonly kind: 'percentiles'; readonly model: PercentilesModel }
  | { readonly kind: 'ecdf'; readonly model: EcdfModel }
  | { readonly kind: 'delta'; readonly model: DeltaModel }
  | { readonly kind: 'rounds'; readonly model: RoundsModel }
  | { readonly kind: 'versions'; readonly model: VersionsModel }
  | { readonly kind: 'new-vs-reused'; readonly model: NewVsReusedModel }
  | { readonly kind: 'topology'; readonly model: TopologyModel }

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

/** Points of height that suit this chart at a width of 1200. */
export function heightOf(chart: ChartSpec): number {
  if (chart.kind === 'delta') return deltaHeight(chart.model)
  if (chart.kind === 'topology') return topologyHeight(chart.model)
  return 675
}
