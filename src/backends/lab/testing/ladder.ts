import type { Plan } from '../../../plan/plan-scenario.ts'
import { between, cluster, path, planOf } from './scenario.ts'

/** A path of every kind: 2, 3, 4, 4, 5 and 6 components. */
export function ladder(): Plan {
  return planOf(
    {
      clusters: [
        cluster(1, 'east-1', { nodes: 2, network: 'east' }),
        cluster(2, 'east-2', { network: 'east' }),
        cluster(3, 'west', { gateway: { loadBalancer: 'none' } }),
        cluster(4, 'south', { gateway: { loadBalancer: 'proxy' } }),
      ],
      routes: between('east-1', 'east-2'),
    },
    [
      path('no-mesh', 'east-1', 'east-2', 'none'),
      path('same-node', 'east-1', 'east-1', 'ambient'),
      path('single', 'east-1', 'east-1/2', 'ambient'),
      path('same-network', 'east-1', 'east-2', 'ambient'),
      path('gateway', 'east-1', 'west', 'ambient'),
      path('load-balancer', 'east-1', 'south', 'ambient'),
    ],
  )
}

/** What `verdicts` say of it when all is well. */
export const ladderProven = {
  'no-mesh': 'proven TCP 2',
  'same-node': 'proven HBONE 3',
  single: 'proven HBONE 4',
  'same-network': 'proven HBONE 4',
  gateway: 'proven DOUBLEHBONE 5',
  'load-balancer': 'proven DOUBLEHBONE 6',
}

/** A path without a gateway and one through it, for labs that are misrouted on purpose. */
export function fork(): Plan {
  return planOf(
    {
      clusters: [
        cluster(1, 'east-1', { network: 'east' }),
        cluster(2, 'east-2', { network: 'east' }),
        cluster(3, 'west', { gateway: { loadBalancer: 'none' } }),
      ],
      routes: between('east-1', 'east-2'),
    },
    [path('direct', 'east-1', 'east-2', 'ambient'), path('gateway', 'east-1', 'west', 'ambient')],
  )
}
