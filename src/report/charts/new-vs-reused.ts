import type { ChartConfiguration, Plugin } from 'chart.js'
import { axisLook, latencyAxis } from './axes.ts'
import type { ComponentKind } from '../../topology/model.ts'
import { columnLabel, columnLabelHeight, columnLabels } from './column-labels.ts'
import type { Captions } from './frame.ts'
import { framed, legend } from './frame.ts'
import { emptyNotice } from './line-series.ts'
import type { Pen } from './pen.ts'
import { haloText, haloWhisker, withPen } from './pen.ts'
import type { LatencyUnit, Measured } from './quantity.ts'
import { formatLatency, formatNumber, latencyUnit, upper } from './quantity.ts'
import type { Drawing, Stage } from './stage.ts'
import { cssFont, fittingFont, fontSize, space } from './stage.ts'

export interface NewVsReusedModel extends Captions {
  /** What is drawn: `p50`. */
  readonly quantity: string
  readonly paths: readonly {
    readonly name: string
    readonly hops?: number | undefined
    /** Its components in the order of a request. */
    readonly chain?: readonly ComponentKind[] | undefined
    /** A request on a connection that was already open. */
    readonly reusedNs?: Measured | undefined
    /** A request on a connection opened for it, opening included. */
    readonly newNs?: Measured | undefined
  }[]
}

/** The cost of a new connection beside that of a reused one, per path. */
export function newVsReusedChart(model: NewVsReusedModel): Drawing {
  return (stage) => framed(stage, model, newVsReusedConfig(model, stage))
}

function newVsReusedConfig({ quantity, paths }: NewVsReusedModel, stage: Stage): ChartConfiguration {
  const groups = [
    { label: 'reused connection', values: paths.map((p) => p.reusedNs), color: stage.theme.bar },
    { label: 'new connection', values: paths.map((p) => p.newNs), color: stage.theme.series[0] ?? '' },
  ]
  const highest = Math.max(0, ...groups.flatMap((g) => g.values.map((v) => (v ? upper(v) : 0))))
  const unit = latencyUnit(highest)
  const labels = paths.map(columnLabel)
  return {
    type: 'bar',
    data: {
      labels: paths.map((p) => p.name),
      datasets: groups.map(({ label, values, color }) => ({
        label,
        data: values.map((value) => (value ? value.estimate / unit.ns : null)),
        backgroundColor: color,
        categoryPercentage: 0.74,
        barPercentage: 0.9,
        maxBarThickness: stage.width * 0.09,
      })),
    },
    options: {
      scales: {
        x: {
          grid: { display: false },
          border: { color: stage.theme.axis },
          ticks: { display: false },
          afterFit: (scale) => void (scale.height = columnLabelHeight(stage, labels)),
        },
        y: { ...latencyAxis(stage, quantity, unit, highest * 1.22), ...axisLook(stage) },
      },
      plugins: {
        legend: { ...legend(stage), labels: { ...legend(stage).labels, pointStyle: 'rect' } },
        tooltip: {
          callbacks: {
            label: ({ dataset, parsed }) =>
              `${dataset.label}: ${formatLatency((parsed.y ?? 0) * unit.ns, unit)} ${unit.symbol}`,
          },
        },
      },
    },
    plugins: [
      columnLabels(stage, labels),
      barValues(stage, groups, unit),
      emptyNotice(stage, highest === 0, 'no valid round'),
    ],
  }
}

function barValues(
  stage: Stage,
  groups: readonly { readonly values: readonly (Measured | undefined)[] }[],
  unit: LatencyUnit,
): Plugin {
  return {
    id: 'hopmeter-bar-values',
    afterDatasetsDraw: (chart) => {
      const y = chart.scales['y']
      if (!y) return
      const pen = chart.ctx as unknown as Pen
      withPen(pen, () => {
        for (const [group, { values }] of groups.entries()) {
          if (!chart.isDatasetVisible(group)) continue
          for (const [index, value] of values.entries()) {
            const bar = chart.getDatasetMeta(group).data[index] as { x: number; width: number } | undefined
            if (!value || !bar) continue
            const at = (ns: number) => y.getPixelForValue(ns / unit.ns)
            if (value.interval) {
              const { low, high } = value.interval
              const ends = { x: bar.x, y: at(Math.max(0, low)), toX: bar.x, toY: at(high) }
              haloWhisker(pen, ends, Math.min(8, bar.width / 4), stage.theme)
            }
            const number = formatLatency(value.estimate, unit)
            const withUnit = `${number} ${unit.symbol}`
            const hasRoom = stage.measure(withUnit, cssFont(stage, 14, 'bold')) <= bar.width + 4
            const text = hasRoom ? withUnit : number
            pen.font = fittingFont(stage, text, 14, 'bold', bar.width + 4)
            pen.fillStyle = stage.theme.text
            pen.textAlign = 'center'
            pen.textBaseline = 'bottom'
            const top = at(upper(value)) - space(stage, 5)
            haloText(pen, text, bar.x, top, stage.theme.background)
            const reused = groups[group - 1]?.values[index]
            if (!reused || reused.estimate <= 0) continue
            const ratio = `×${formatNumber(value.estimate / reused.estimate, 1)}`
            pen.font = fittingFont(stage, ratio, 14, 'normal', bar.width + 4)
            pen.fillStyle = stage.theme.muted
            haloText(pen, ratio, bar.x, top - fontSize(stage, 17), stage.theme.background)
          }
        }
      })
    },
  }
}
