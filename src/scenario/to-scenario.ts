import type { Topology } from '../topology/model.ts'
import type { LoadYaml, ScenarioYaml, TopologyYaml } from './schema.ts'
import type { Load, Scenario } from './types.ts'

/** From the words of the YAML to those of the model: pairs become directed routes, durations milliseconds. */
export function toScenario({ metadata, spec }: ScenarioYaml): Scenario {
  return {
    ...metadata,
    topology: toTopology(spec),
    routeMode: spec.routes.mode,
    delays: spec.delays.map(({ between, rtt }) => ({ between, rttMs: rtt })),
    paths: spec.paths,
    loads: spec.load.map(toLoad),
    rounds: {
      count: spec.rounds.count,
      durationMs: spec.rounds.duration,
      warmupMs: spec.rounds.warmup,
      builds: spec.rounds.builds,
      restarts: spec.rounds.restarts,
    },
  }
}

export function toTopology({ clusters, routes }: TopologyYaml): Topology {
  return {
    clusters,
    routes: [
      ...routes.between.flatMap(([a, b]) => [
        { from: a, to: b },
        { from: b, to: a },
      ]),
      ...routes.oneWay,
    ],
  }
}

function toLoad(load: LoadYaml): Load {
  if (load.profile !== 'open') return load
  const { rate, ...rest } = load
  return { ...rest, ratePerSecond: rate }
}
