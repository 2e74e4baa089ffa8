import type { ChartConfiguration } from 'chart.js'
import { latencyAxis, panelGap } from './axes.ts'
import { columnLabel, columnLabelHeight, columnLabels } from './column-labels.ts'
import { framed } from './frame.ts'
import { ladderMarks } from './ladder-marks.ts'
import type { LadderModel } from './ladder-model.ts'
import { formatInterval, formatLatency, latencyUnit, upper } from './quantity.ts'
import type { Drawing, Stage } from './stage.ts'

/**
 * p50 with its interval as bars, what each component adds as the top of its bar and in words beside it, and p99 in a
 * panel of its own below.
 */
export function ladderChart(model: LadderModel): Drawing {
  return (stage) => framed(stage, model, ladderConfig(model, stage))
}

function ladderConfig({ paths }: LadderModel, stage: Stage): ChartConfiguration {
  const { theme } = stage
  const p50Max = Math.max(0, ...paths.map((p) => (p.p50Ns ? upper(p.p50Ns) : 0)))
  const p99Max = Math.max(0, ...paths.map((p) => (p.p99Ns ? upper(p.p99Ns) : 0)))
  const p50Unit = latencyUnit(p50Max)
  const p99Unit = latencyUnit(p99Max)
  const labels = paths.map(columnLabel)
  const hasP99 = p99Max > 0
  return {
    type: 'bar',
    data: {
      labels: paths.map((p) => p.name),
      datasets: [
        {
          type: 'bar',
          label: 'p50',
          yAxisID: 'p50',
          data: paths.map((p) => (p.p50Ns ? p.p50Ns.estimate / p50Unit.ns : null)),
          backgroundColor: theme.bar,
          barPercentage: 1,
          categoryPercentage: paths.length > 8 ? 0.4 : 0.44,
          maxBarThickness: stage.width * 0.16,
        },
        ...(hasP99
          ? [
              {
                type: 'line' as const,
                label: 'p99',
                yAxisID: 'p99',
                showLine: false,
                data: paths.map((p) => (p.p99Ns ? p.p99Ns.estimate / p99Unit.ns : null)),
                backgroundColor: theme.text,
                borderColor: theme.background,
                borderWidth: 1,
                pointStyle: 'rectRot' as const,
                pointRadius: 6,
                pointHoverRadius: 8,
              },
            ]
          : []),
      ],
    },
    options: {
      scales: {
        x: {
          grid: { display: false },
          border: { color: theme.axis },
          ticks: { display: false },
          afterFit: (scale) => {
            scale.height = columnLabelHeight(stage, labels)
          },
        },
        ...(hasP99
          ? {
              p99: { ...latencyAxis(stage, 'p99', p99Unit, p99Max * 1.35), stack: 'latency', stackWeight: 1 },
              gap: panelGap('latency', 0.18),
            }
          : {}),
        p50: {
          ...latencyAxis(stage, 'median (p50)', p50Unit, p50Max * (hasP99 ? 1.2 : 1.15)),
          stack: 'latency',
          stackWeight: 2.6,
        },
      },
      plugins: {
        tooltip: {
          callbacks: {
            label: (item) => {
              const path = paths[item.dataIndex]
              const value = item.dataset.label === 'p50' ? path?.p50Ns : path?.p99Ns
              const unit = item.dataset.label === 'p50' ? p50Unit : p99Unit
              if (!value) return ''
              const interval = formatInterval(value, unit).replaceAll('+', '')
              return `${item.dataset.label} ${formatLatency(value.estimate, unit)} ${unit.symbol} ${interval}`
            },
          },
        },
      },
    },
    plugins: [columnLabels(stage, labels), ladderMarks(stage, paths, { p50Unit, p99Unit })],
  }
}
