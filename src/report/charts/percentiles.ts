import type { ChartConfiguration } from 'chart.js'
import { axisLook, axisTitle, latencyAxis, logLatencyAxis, tickLook } from './axes.ts'
import { endLabels, type EndLabels } from './end-labels.ts'
import type { Captions } from './frame.ts'
import { framed } from './frame.ts'
import { emptyNotice, lineDatasets, seriesLegend } from './line-series.ts'
import { formatLatency, latencyUnit } from './quantity.ts'
import type { Drawing, Stage } from './stage.ts'

export interface QuantileSeries {
  readonly name: string
  /** Ascending in `quantile`, 0 to below 1. */
  readonly points: readonly { readonly quantile: number; readonly ns: number }[]
  /** Interval of each quantile, where rounds allow one. */
  readonly band?:
    readonly { readonly quantile: number; readonly lowNs: number; readonly highNs: number }[] | undefined
}

export interface PercentilesModel extends Captions {
  readonly series: readonly QuantileSeries[]
}

const ticks = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999]

/** HDR plot: latency over percentile, the percentile axis stretched towards 100% (1 / (1 − q), logarithmic). */
export function percentilesChart(model: PercentilesModel): Drawing {
  return (stage) => {
    const ends = endLabels(
      stage,
      model.series.map((one) => one.name),
    )
    return framed(stage, model, percentilesConfig(model, stage, ends), ends.room)
  }
}

function percentilesConfig({ series }: PercentilesModel, stage: Stage, ends: EndLabels): ChartConfiguration {
  const values = series.flatMap((one) => [
    ...one.points.map((p) => p.ns),
    ...(one.band ?? []).map((p) => p.highNs),
  ])
  const highest = Math.max(0, ...values)
  const lowest = Math.min(highest, ...values.filter((ns) => ns > 0))
  const unit = latencyUnit(highest)
  const xs = series.flatMap((one) => one.points.map((p) => stretch(p.quantile)))
  const right = Math.max(2, ...xs)
  const isWide = highest > 15 * lowest
  return {
    type: 'line',
    data: {
      datasets: lineDatasets(
        stage,
        series.map((one) => ({
          name: one.name,
          points: one.points.map((p) => ({ x: stretch(p.quantile), y: p.ns / unit.ns })),
          band: one.band && {
            lower: one.band.map((p) => ({ x: stretch(p.quantile), y: p.lowNs / unit.ns })),
            upper: one.band.map((p) => ({ x: stretch(p.quantile), y: p.highNs / unit.ns })),
          },
        })),
      ),
    },
    options: {
      parsing: false,
      interaction: { mode: 'nearest', intersect: false },
      scales: {
        x: {
          type: 'linear',
          min: 0,
          max: right,
          title: axisTitle(stage, 'percentile (stretched towards 100%)'),
          ...axisLook(stage),
          afterBuildTicks: (scale) => {
            scale.ticks = ticks
              .map((q) => ({ value: stretch(q) }))
              .filter(({ value }) => value <= right + 1e-9)
          },
          ticks: { ...tickLook(stage), callback: (x) => percent(1 - 10 ** -Number(x)), autoSkip: false },
        },
        y: isWide
          ? logLatencyAxis(stage, 'latency', unit, lowest, highest)
          : latencyAxis(stage, 'latency', unit, highest * 1.05),
      },
      plugins: {
        legend: ends.room > 0 ? { display: false } : seriesLegend(stage, true),
        tooltip: {
          callbacks: {
            title: ([item]) => (item ? percent(1 - 10 ** -(item.parsed.x ?? 0)) : ''),
            label: (item) =>
              `${item.dataset.label}: ${formatLatency((item.parsed.y ?? 0) * unit.ns, unit)} ${unit.symbol}`,
          },
        },
      },
    },
    plugins: [...ends.plugins, emptyNotice(stage, values.length === 0, 'no valid round')],
  }
}

/** Distance from 0% in decades: 90% is 1, 99% is 2. */
function stretch(quantile: number): number {
  return -Math.log10(Math.max(1e-9, 1 - quantile))
}

function percent(quantile: number): string {
  return `${Number((quantile * 100).toPrecision(7))}%`
}
