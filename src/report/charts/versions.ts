import type { ChartConfiguration, Plugin } from 'chart.js'
import { axisLook, axisTitle, latencyAxis, tickLook } from './axes.ts'
import { endLabels, type EndLabels } from './end-labels.ts'
import type { Captions } from './frame.ts'
import { framed } from './frame.ts'
import { emptyNotice, lineDatasets, seriesLegend } from './line-series.ts'
import type { Pen } from './pen.ts'
import { whisker, withPen } from './pen.ts'
import type { LatencyUnit, Measured } from './quantity.ts'
import { formatLatency, latencyUnit, upper } from './quantity.ts'
import type { Drawing, Stage } from './stage.ts'
import { cleanText, cssFont, ellipsize } from './stage.ts'
import { seriesStyle } from './theme.ts'

export interface VersionsModel extends Captions {
  /** What is drawn: `p50`. */
  readonly quantity: string
  /** In release order. */
  readonly versions: readonly string[]
  /** What stands under each of them, such as its engine. */
  readonly details?: readonly string[] | undefined
  /** What they are; `version` unless given. */
  readonly axis?: string | undefined
  readonly series: readonly {
    readonly name: string
    /** One per version; undefined where the path was not measured or not valid. */
    readonly values: readonly (Measured | undefined)[]
  }[]
}

/** One line per path over versions, with intervals. */
export function versionsChart(model: VersionsModel): Drawing {
  return (stage) => {
    const ends = endLabels(
      stage,
      model.series.map(({ name, values }) => endText(name, values.at(-1))),
    )
    return framed(stage, model, versionsConfig(model, stage, ends), ends.room)
  }
}

function versionsConfig(
  { quantity, versions, details, axis, series }: VersionsModel,
  stage: Stage,
  ends: EndLabels,
): ChartConfiguration {
  const values = series.flatMap((one) => one.values.filter((value) => value !== undefined))
  const highest = Math.max(0, ...values.map(upper))
  const unit = latencyUnit(highest)
  const room = details ? (0.62 * stage.width) / Math.max(2, versions.length) : stage.height / 5
  const fitted = (text: string) => ellipsize(stage, cleanText(text), cssFont(stage, 13), room)
  const names = versions.map((version, i) => {
    const lines = [version, details?.[i] ?? ''].map(fitted).filter((text) => text !== '')
    return lines.length === 0 ? ['(no name)'] : lines
  })
  return {
    type: 'line',
    data: {
      datasets: lineDatasets(
        stage,
        series.map((one) => ({
          name: one.name,
          showPoints: true,
          points: versions.map((_, index) => ({
            x: index,
            y: (one.values[index]?.estimate ?? Number.NaN) / unit.ns,
          })),
        })),
      ),
    },
    options: {
      parsing: false,
      interaction: { mode: 'nearest', intersect: false },
      scales: {
        x: {
          type: 'linear',
          min: versions.length > 3 ? -0.5 : -0.25,
          max: Math.max(1, versions.length) - (versions.length > 3 ? 0.5 : 0.75),
          title: axisTitle(stage, axis ?? 'version'),
          ...axisLook(stage),
          grid: { display: false },
          afterBuildTicks: (scale) => void (scale.ticks = names.map((_, value) => ({ value }))),
          ticks: {
            ...tickLook(stage),
            color: stage.theme.text,
            autoSkip: false,
            // Two lines would run into those beside them when turned.
            maxRotation: details ? 0 : 60,
            callback: (value) => names[Number(value)] ?? [],
          },
        },
        y: latencyAxis(stage, quantity, unit, highest * 1.1),
      },
      plugins: {
        legend: ends.room > 0 ? { display: false } : seriesLegend(stage),
        tooltip: {
          callbacks: {
            title: ([item]) => versions[item?.parsed.x ?? -1] ?? '',
            label: ({ dataset, parsed }) =>
              `${dataset.label}: ${formatLatency((parsed.y ?? 0) * unit.ns, unit)} ${unit.symbol}`,
          },
        },
      },
    },
    plugins: [
      ...ends.plugins,
      seriesWhiskers(stage, series, unit),
      emptyNotice(stage, values.length === 0, 'no version has a valid round'),
    ],
  }
}

/** A path with what it costs in the last version. */
function endText(name: string, last: Measured | undefined): string {
  if (!last) return name
  const unit = latencyUnit(last.estimate)
  return `${formatLatency(last.estimate, unit)} ${unit.symbol} ${name}`
}

function seriesWhiskers(stage: Stage, series: VersionsModel['series'], unit: LatencyUnit): Plugin {
  return {
    id: 'hopmeter-version-intervals',
    beforeDatasetsDraw: (chart) => {
      const [x, y] = [chart.scales['x'], chart.scales['y']]
      if (!x || !y) return
      const pen = chart.ctx as unknown as Pen
      withPen(pen, () => {
        for (const [index, one] of series.entries()) {
          if (!chart.isDatasetVisible(index)) continue
          pen.strokeStyle = seriesStyle(stage.theme, index).color
          pen.lineWidth = 1.6
          for (const [version, value] of one.values.entries()) {
            if (!value?.interval) continue
            const at = (ns: number) => y.getPixelForValue(ns / unit.ns)
            const center = x.getPixelForValue(version)
            whisker(
              pen,
              {
                x: center,
                y: at(Math.max(0, value.interval.low)),
                toX: center,
                toY: at(value.interval.high),
              },
              5,
            )
          }
        }
      })
    },
  }
}
