import type { ChartConfiguration, Plugin } from 'chart.js'
import { axisLook, axisTitle, latencyAxis, tickLook } from './axes.ts'
import { endLabels, type EndLabels } from './end-labels.ts'
import type { Captions } from './frame.ts'
import { framed } from './frame.ts'
import { emptyNotice, lineDatasets, seriesLegend } from './line-series.ts'
import type { Pen } from './pen.ts'
import { haloText, line, withPen } from './pen.ts'
import { formatLatency, latencyUnit } from './quantity.ts'
import type { Drawing, Stage } from './stage.ts'
import { cssFont, fontSize, space } from './stage.ts'

export interface RoundsModel extends Captions {
  /** What is drawn of each round: `p50`. */
  readonly quantity: string
  /** In time order; every series has one value per round, or none where it was not measured. */
  readonly rounds: readonly { readonly build: number; readonly flags: readonly string[] }[]
  readonly series: readonly { readonly name: string; readonly ns: readonly (number | undefined)[] }[]
}

/** Each round in time order: builds apart, invalid rounds shaded and crossed out. The picture in which noise shows. */
export function roundsChart(model: RoundsModel): Drawing {
  return (stage) => {
    const ends = endLabels(
      stage,
      model.series.map((one) => one.name),
    )
    return framed(stage, model, roundsConfig(model, stage, ends), ends.room)
  }
}

function roundsConfig(
  { quantity, rounds, series }: RoundsModel,
  stage: Stage,
  ends: EndLabels,
): ChartConfiguration {
  const showPoints = rounds.length * series.length <= 400
  const values = series.flatMap((one) => one.ns.filter((ns) => ns !== undefined))
  const highest = Math.max(0, ...values)
  const unit = latencyUnit(highest)
  return {
    type: 'line',
    data: {
      datasets: lineDatasets(
        stage,
        series.map(({ name, ns }) => ({
          name,
          showPoints,
          points: rounds.flatMap((round, index) => {
            const point = { x: index + 1, y: (ns[index] ?? Number.NaN) / unit.ns }
            const isNewBuild = index > 0 && rounds[index - 1]?.build !== round.build
            return isNewBuild ? [{ x: index + 0.5, y: Number.NaN }, point] : [point]
          }),
        })),
      ),
    },
    options: {
      parsing: false,
      interaction: { mode: 'nearest', intersect: false },
      scales: {
        x: {
          type: 'linear',
          min: 0.5,
          max: Math.max(1, rounds.length) + 0.5,
          title: axisTitle(stage, 'round, in time order'),
          ...axisLook(stage),
          grid: { display: false },
          ticks: { ...tickLook(stage), includeBounds: false, precision: 0, maxTicksLimit: 12 },
        },
        y: latencyAxis(stage, quantity, unit, highest * 1.15),
      },
      plugins: {
        legend: ends.room > 0 ? { display: false } : seriesLegend(stage, !showPoints),
        tooltip: {
          callbacks: {
            title: ([item]) => {
              const round = rounds[Math.round(item?.parsed.x ?? 0) - 1]
              const flags = round && round.flags.length > 0 ? `, invalid: ${round.flags.join(', ')}` : ''
              return `round ${item?.parsed.x ?? ''}${flags}`
            },
            label: ({ dataset, parsed }) =>
              `${dataset.label}: ${formatLatency((parsed.y ?? 0) * unit.ns, unit)} ${unit.symbol}`,
          },
        },
      },
    },
    plugins: [
      ...ends.plugins,
      buildsAndFlags(stage, rounds),
      emptyNotice(stage, values.length === 0, 'no round was measured'),
    ],
  }
}

function buildsAndFlags(stage: Stage, rounds: RoundsModel['rounds']): Plugin {
  return {
    id: 'hopmeter-builds',
    beforeDatasetsDraw: (chart) => {
      const x = chart.scales['x']
      if (!x) return
      const pen = chart.ctx as unknown as Pen
      const { top, bottom } = chart.chartArea
      const wide = x.getPixelForValue(2) - x.getPixelForValue(1)
      withPen(pen, () => {
        for (const [index, { flags }] of rounds.entries()) {
          if (flags.length === 0) continue
          const center = x.getPixelForValue(index + 1)
          pen.fillStyle = stage.theme.bad
          pen.globalAlpha = 0.12
          pen.fillRect(center - wide / 2, top, wide, bottom - top)
          pen.globalAlpha = 1
          pen.strokeStyle = stage.theme.bad
          pen.lineWidth = 1.8
          const arm = Math.min(4, wide / 2)
          const y = bottom - 10
          line(pen, [center - arm, y - arm], [center + arm, y + arm])
          line(pen, [center - arm, y + arm], [center + arm, y - arm])
        }
        drawBuilds(stage, pen, rounds, (round) => x.getPixelForValue(round), { top, bottom })
      })
    },
  }
}

function drawBuilds(
  stage: Stage,
  pen: Pen,
  rounds: RoundsModel['rounds'],
  at: (round: number) => number,
  { top, bottom }: { top: number; bottom: number },
): void {
  const starts = rounds.flatMap(({ build }, index) =>
    rounds[index - 1]?.build === build ? [] : [{ build, index }],
  )
  if (starts.length < 2) return
  pen.font = cssFont(stage, 12)
  pen.textAlign = 'left'
  pen.textBaseline = 'top'
  for (const [order, { build, index }] of starts.entries()) {
    const x = at(index + 0.5)
    pen.strokeStyle = stage.theme.axis
    pen.lineWidth = 1
    pen.setLineDash([3, 3])
    if (index > 0) line(pen, [x, top], [x, bottom])
    pen.setLineDash([])
    const next = starts[order + 1]
    const room = at((next?.index ?? rounds.length) + 0.5) - x
    const text = [`build ${build}`, String(build)].find(
      (t) => stage.measure(t, pen.font) + fontSize(stage, 12) < room,
    )
    pen.fillStyle = stage.theme.muted
    if (text !== undefined) haloText(pen, text, x + space(stage, 5), top + 2, stage.theme.background)
  }
}
