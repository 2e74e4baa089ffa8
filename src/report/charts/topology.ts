import type { ChartConfiguration, Plugin } from 'chart.js'
import { framed } from './frame.ts'
import type { Pen } from './pen.ts'
import { withPen } from './pen.ts'
import type { Drawing, Stage } from './stage.ts'
import { space } from './stage.ts'
import { drawMap, mapHeight } from './topology-map.ts'
import type { TopologyModel } from './topology-model.ts'
import { drawPaths, pathsHeight } from './topology-paths.ts'

/** Points of height that this topology needs besides its frame. */
export function topologyHeight(model: TopologyModel, stage: Stage): number {
  return mapHeight(model, stage) + pathsHeight(model, stage) + space(stage, 10)
}

/** The scenario drawn: networks, clusters, gateways and routes above, each path's components below. */
export function topologyChart(model: TopologyModel): Drawing {
  return (stage) => framed(stage, model, topologyConfig(model, stage))
}

function topologyConfig(model: TopologyModel, stage: Stage): ChartConfiguration {
  const picture: Plugin = {
    id: 'hopmeter-topology',
    afterDraw: (chart) => {
      const { left, right, top, bottom } = chart.chartArea
      const split = top + mapHeight(model, stage)
      const pen = chart.ctx as unknown as Pen
      withPen(pen, () => {
        drawMap(stage, pen, model, { left, right, top, bottom: split })
        drawPaths(stage, pen, model, { left, right, top: split, bottom })
      })
    },
  }
  const off = { display: false }
  return {
    type: 'scatter',
    data: { datasets: [] },
    options: { scales: { x: off, y: off } },
    plugins: [picture],
  }
}
