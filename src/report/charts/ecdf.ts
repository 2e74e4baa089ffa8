import type { ChartConfiguration } from 'chart.js'
import { axisLook, axisTitle, latencyAxis, logLatencyAxis, tickLook } from './axes.ts'
import type { Captions } from './frame.ts'
import { framed } from './frame.ts'
import { emptyNotice, lineDatasets, seriesLegend } from './line-series.ts'
import { formatLatency, latencyUnit } from './quantity.ts'
import type { Drawing, Stage } from './stage.ts'

export interface EcdfSeries {
  readonly name: string
  /** Ascending in `ns`; `share` of requests at or below it, 0 to 1, with its confidence band. */
  readonly points: readonly {
    readonly ns: number
    readonly share: number
    readonly low?: number | undefined
    readonly high?: number | undefined
  }[]
}

export interface EcdfModel extends Captions {
  readonly series: readonly EcdfSeries[]
}

const axisEnd = 0.995

/** Share of requests answered within a latency, with the band in which it lies. The axis ends at p99.5. */
export function ecdfChart(model: EcdfModel): Drawing {
  return (stage) => framed(stage, model, ecdfConfig(model, stage))
}

function ecdfConfig({ series }: EcdfModel, stage: Stage): ChartConfiguration {
  const ends = series.map(
    (one) => one.points.find((p) => p.share >= axisEnd)?.ns ?? one.points.at(-1)?.ns ?? 0,
  )
  const highest = Math.max(0, ...ends)
  const starts = series.flatMap((one) => one.points.slice(0, 1).map((p) => p.ns))
  const lowest = Math.min(highest, ...starts.filter((ns) => ns > 0))
  const unit = latencyUnit(highest)
  const isWide = highest > 15 * lowest
  const title = 'latency (axis ends at p99.5)'
  const axis = isWide
    ? logLatencyAxis(stage, title, unit, lowest, highest)
    : {
        ...latencyAxis(stage, title, unit, highest),
        ...(lowest > highest / 2 ? { min: (lowest * 0.95) / unit.ns } : {}),
      }
  return {
    type: 'line',
    data: {
      datasets: lineDatasets(
        stage,
        series.map(({ name, points }) => {
          const shown = points.filter((p) => p.ns <= highest)
          const at = (share: (p: (typeof shown)[number]) => number) =>
            shown.map((p) => ({ x: p.ns / unit.ns, y: share(p) * 100 }))
          const hasBand = shown.length > 0 && shown.every((p) => p.low !== undefined && p.high !== undefined)
          return {
            name,
            points: at((p) => p.share),
            band: hasBand
              ? { lower: at((p) => p.low ?? p.share), upper: at((p) => p.high ?? p.share) }
              : undefined,
          }
        }),
      ),
    },
    options: {
      parsing: false,
      interaction: { mode: 'nearest', intersect: false },
      scales: {
        x: { ...axis, position: 'bottom' },
        y: {
          type: 'linear',
          min: 0,
          max: 100,
          title: axisTitle(stage, 'requests answered, %'),
          ...axisLook(stage),
          ticks: { ...tickLook(stage), stepSize: 25 },
        },
      },
      plugins: {
        legend: seriesLegend(stage, true),
        tooltip: {
          callbacks: {
            title: () => '',
            label: ({ dataset, parsed }) =>
              `${dataset.label}: ${(parsed.y ?? 0).toFixed(1)}% within ${formatLatency((parsed.x ?? 0) * unit.ns, unit)} ${unit.symbol}`,
          },
        },
      },
    },
    plugins: [emptyNotice(stage, highest === 0, 'no valid round')],
  }
}
