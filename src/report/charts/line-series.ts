import type { Chart, ChartConfiguration, LegendItem } from 'chart.js'
import { legend as baseLegend } from './frame.ts'
import type { Stage } from './stage.ts'
import { cleanText, cssFont, ellipsize, fontSize } from './stage.ts'
import { fade, seriesStyle } from './theme.ts'

export interface Point {
  x: number
  /** NaN breaks the line. */
  y: number
}

export interface LineSeries {
  readonly name: string
  readonly points: readonly Point[]
  readonly band?: { readonly lower: readonly Point[]; readonly upper: readonly Point[] } | undefined
  readonly showPoints?: boolean | undefined
  readonly isStepped?: boolean | undefined
}

type Datasets = ChartConfiguration<'line', Point[]>['data']['datasets']

/** Datasets of a series: its band, when it has one, as two invisible lines with a fill between, then the line. */
export function lineDatasets(
  stage: Stage,
  series: readonly LineSeries[],
): ChartConfiguration['data']['datasets'] {
  return series.flatMap((one, index) => {
    const style = seriesStyle(stage.theme, index)
    const label = seriesLabel(stage, one.name, series.length)
    const edge = { label, showLine: true, borderWidth: 0, pointRadius: 0, pointHitRadius: 0, tension: 0 }
    const band: Datasets = one.band
      ? [
          { ...edge, data: [...one.band.lower], fill: false },
          { ...edge, data: [...one.band.upper], fill: '-1', backgroundColor: fade(style.color, 0.16) },
        ]
      : []
    const line: Datasets[number] = {
      label,
      data: [...one.points],
      showLine: true,
      borderColor: style.color,
      backgroundColor: style.color,
      borderWidth: 2.2,
      borderDash: style.dash,
      pointStyle: one.showPoints ? style.marker : 'line',
      pointRadius: one.showPoints ? 3.5 : 0,
      pointHoverRadius: one.showPoints ? 5 : 0,
      tension: 0,
      stepped: one.isStepped ?? false,
      spanGaps: false,
    }
    return [...band, line] as ChartConfiguration['data']['datasets']
  })
}

/** Names in a legend share the width, so each gets its part of it. */
export function seriesLabel(stage: Stage, name: string, count: number): string {
  const room = Math.max(stage.width * 0.16, (stage.width * 0.8) / Math.max(1, count) - 60)
  return ellipsize(stage, cleanText(name) || '(no name)', cssFont(stage, 13.5), room)
}

/** Shows or hides a series, its band with it; `datasetIndex` is that of its line. */
export function showSeries(chart: Chart, datasetIndex: number, isShown: boolean): void {
  chart.setDatasetVisibility(datasetIndex, isShown)
  for (let index = datasetIndex - 1; index >= 0 && isBand(chart, index); index -= 1) {
    chart.setDatasetVisibility(index, isShown)
  }
  chart.update()
}

function isBand(chart: Chart, index: number): boolean {
  const dataset = chart.data.datasets[index]
  return dataset?.type !== 'bar' && dataset?.borderWidth === 0
}

/** The legend, with one entry per series and none for its band. `isLines` for series without markers. */
export function seriesLegend(stage: Stage, isLines = false) {
  const legend = baseLegend(stage)
  return {
    ...legend,
    labels: {
      ...legend.labels,
      ...(isLines ? { pointStyleWidth: fontSize(stage, 28) } : {}),
      generateLabels: (chart: Chart): LegendItem[] =>
        chart.data.datasets.flatMap((dataset, datasetIndex) => {
          const line = dataset as Datasets[number]
          if (line.borderWidth === 0) return []
          const color = String(line.borderColor)
          return {
            text: line.label ?? '',
            datasetIndex,
            fontColor: stage.theme.text,
            fillStyle: color,
            strokeStyle: color,
            lineWidth: 2.2,
            lineDash: isLines ? (line.borderDash as number[]) : [],
            pointStyle: line.pointStyle,
            hidden: !chart.isDatasetVisible(datasetIndex),
          }
        }),
    },
  }
}

/** Shown in place of a chart without data. */
export function emptyNotice(stage: Stage, isEmpty: boolean, text: string) {
  return {
    id: 'hopmeter-empty',
    afterDraw: (chart: Chart) => {
      if (!isEmpty) return
      const pen = chart.ctx
      pen.save()
      pen.font = cssFont(stage, 18)
      pen.fillStyle = stage.theme.muted
      pen.textAlign = 'center'
      pen.textBaseline = 'middle'
      const { left, right, top, bottom } = chart.chartArea
      pen.fillText(text, (left + right) / 2, (top + bottom) / 2)
      pen.restore()
    },
  }
}
