import type { Scenario, ScenarioPath } from '../../../scenario/types.ts'
import type { Cluster, Route, Topology } from '../../../topology/model.ts'
import { planScenario, type Plan } from '../../../plan/plan-scenario.ts'

/** A cluster with CIDRs of its own: `index` 1 has 10.10.0.0/16 and 10.96.1.0/24, and so on. */
export function cluster(index: number, name: string, more: Partial<Cluster> = {}): Cluster {
  return {
    name,
    network: name,
    podCidr: `10.${index * 10}.0.0/16`,
    serviceCidr: `10.96.${index}.0/24`,
    nodes: 1,
    ...more,
  }
}

/** Routes both ways. */
export function between(a: string, b: string): readonly Route[] {
  return [
    { from: a, to: b },
    { from: b, to: a },
  ]
}

/** A path from node to node, each given as `cluster/node`. Its expectation plays no part in the lab. */
export function path(name: string, client: string, server: string, mesh: 'ambient' | 'none'): ScenarioPath {
  return { name, client: place(client), server: place(server), mesh, expect: 4 }
}

function place(text: string): { readonly cluster: string; readonly node: number } {
  const [name = '', node = '1'] = text.split('/')
  return { cluster: name, node: Number(node) }
}

export function planOf(
  topology: Topology,
  paths: readonly ScenarioPath[],
  more: Partial<Scenario> = {},
): Plan {
  return planScenario({
    name: 'test',
    title: 'Test',
    description: '',
    topology,
    routeMode: 'static',
    delays: [],
    paths,
    loads: [{ profile: 'pingpong', protocol: 'http1', requestBytes: 16, responseBytes: 16 }],
    rounds: { count: 1, durationMs: 100, warmupMs: 0, builds: 1, restarts: 1 },
    ...more,
  })
}
