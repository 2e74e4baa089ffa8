import type { ChartConfiguration } from 'chart.js'
import { axisLook, axisTitle, formatTick, tickLook } from './axes.ts'
import { differenceText, sideRooms, verdictColor } from './delta-columns.ts'
import { forestMarks } from './delta-marks.ts'
import { clamp, linesOf, reachNs, type DeltaModel } from './delta-model.ts'
import { framed } from './frame.ts'
import { emptyNotice } from './line-series.ts'
import { latencyUnit } from './quantity.ts'
import type { Drawing, Stage } from './stage.ts'
import { fontSize } from './stage.ts'

/** Points of height that a forest plot of these rows needs besides its frame. */
export function deltaHeight(model: DeltaModel, stage: Stage): number {
  const axis = fontSize(stage, 14) * 5.5
  return Math.max(fontSize(stage, 140), axis + (linesOf(model.rows).length + 1.3) * fontSize(stage, 14) * 2.1)
}

/** Forest plot: one difference per row, with its interval, a line at zero and the verdict in words. */
export function deltaChart(model: DeltaModel): Drawing {
  return (stage) => framed(stage, model, deltaConfig(model, stage))
}

function deltaConfig(model: DeltaModel, stage: Stage): ChartConfiguration {
  const lines = linesOf(model.rows)
  const reach = reachNs(model)
  const unit = latencyUnit(Math.max(-reach.low, reach.high))
  const rooms = sideRooms(stage, model.rows, unit)
  return {
    type: 'scatter',
    data: {
      datasets: [
        {
          label: 'difference',
          data: lines.map((l, y) => ({
            x:
              'row' in l && l.row.differenceNs
                ? clamp(l.row.differenceNs.estimate, reach) / unit.ns
                : Number.NaN,
            y,
          })),
          pointStyle: 'rect',
          pointRadius: stage.width / 260,
          pointHoverRadius: stage.width / 200,
          backgroundColor: lines.map((l) =>
            'row' in l ? verdictColor(stage, l.row.verdict) : 'transparent',
          ),
          borderWidth: 0,
        },
      ],
    },
    options: {
      scales: {
        x: {
          type: 'linear',
          min: reach.low / unit.ns,
          max: reach.high / unit.ns,
          title: axisTitle(stage, `difference, ${unit.symbol} (right of zero is slower)`),
          ...axisLook(stage),
          ticks: {
            ...tickLook(stage),
            includeBounds: false,
            maxTicksLimit: 9,
            callback: (value) =>
              Number(value) > 0 ? `+${formatTick(Number(value))}` : formatTick(Number(value)),
          },
        },
        y: { ...sideAxis('left', lines.length), afterFit: (scale) => void (scale.width = rooms.left) },
        verdicts: {
          ...sideAxis('right', lines.length),
          afterFit: (scale) => void (scale.width = rooms.right),
        },
      },
      plugins: {
        tooltip: {
          callbacks: {
            title: () => '',
            label: ({ dataIndex }) => {
              const at = lines[dataIndex]
              return at && 'row' in at
                ? `${at.row.label}: ${differenceText(at.row, unit)} ${at.row.verdict ?? ''}`
                : ''
            },
          },
        },
      },
    },
    plugins: [
      forestMarks(stage, model, lines, { unit, reach, rooms }),
      emptyNotice(stage, model.rows.length === 0, 'nothing to compare'),
    ],
  }
}

function sideAxis(position: 'left' | 'right', count: number) {
  const off = { display: false }
  return {
    type: 'linear' as const,
    position,
    // Room for the headings of the columns.
    min: count === 0 ? -0.6 : -1.3,
    max: Math.max(1, count) - 0.4,
    reverse: true,
    grid: off,
    ticks: off,
    border: off,
  }
}
