import { profileOf } from '../load/profiles.ts'
import type { Topology } from '../topology/model.ts'
import type { ScenarioYaml, TopologyYaml } from './schema.ts'
import type { Scenario } from './types.ts'

/** From the words of the YAML to those of the model: pairs become directed routes, durations milliseconds. */
export function toScenario({ metadata, spec }: ScenarioYaml): Scenario {
  return {
    ...metadata,
    topology: toTopology(spec),
    routeMode: spec.routes.mode,
    delays: spec.delays.map(({ between, rtt }) => ({ between, rttMs: rtt })),
    paths: spec.paths,
    loads: spec.load.map((load) => profileOf(load.profile).fromWritten(load)),
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
