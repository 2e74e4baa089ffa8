import { scenarioNameOf, variantNames } from '../../../results/variants.ts'
import type { ChartModule, ChartSubject } from '../chart-module.ts'
import type { TopologyModel } from '../topology-model.ts'
import { topologyChart, topologyHeight } from '../topology.ts'
import { runCaption } from '../models/captions.ts'
import { topologyTitle } from '../models/findings.ts'
import { noPathNote } from '../models/shared.ts'

export const topology: ChartModule<'topology', TopologyModel> = {
  kind: 'topology',
  purpose: 'The scenario: networks, clusters, gateways, routes, and the components of every path.',
  note: 'Above: clusters in their networks. Below: what a request of each path visits, in order.',
  section: 'topology',
  per: 'run',
  modelOf,
  draw: topologyChart,
  height: topologyHeight,
}

/** Undefined when the scenario text of the run cannot be read by this version any more. */
function modelOf({ run: { result, summary }, scenario }: ChartSubject): TopologyModel | undefined {
  if (!scenario) return undefined
  const { clusters, routes } = scenario.topology
  const { routeMode, delays } = scenario
  const pairs = new Map<string, { between: [string, string]; isOneWay: boolean; mode: string }>()
  for (const { from, to } of routes) {
    const back = pairs.get(JSON.stringify([to, from]))
    if (back) back.isOneWay = false
    else pairs.set(JSON.stringify([from, to]), { between: [from, to], isOneWay: true, mode: routeMode })
  }
  return {
    title: topologyTitle(result, clusters),
    subtitle:
      'Above: what is routed where. Below: the components that a request of each path must visit, in order.',
    caption: runCaption(result),
    clusters: clusters.map(({ name, network, nodes, gateway }) => ({
      name,
      network,
      nodes,
      gateway: gateway && { loadBalancer: gateway.loadBalancer },
    })),
    routes: [...pairs.values()],
    delays,
    paths: result.paths
      .filter((path) => path.controlOf === undefined && path.variant === variantNames(result)[0])
      .map((path) => ({
        name: scenarioNameOf(path),
        components: path.expected.map(({ variant: _variant, ...component }) => component),
        note: path.hops === null ? noPathNote(summary, path.name) : undefined,
      })),
  }
}
