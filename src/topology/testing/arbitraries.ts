import fc from 'fast-check'
import type { Cluster, PathEnds, Route, Topology } from '../model.ts'

/** Few, so that networks of several clusters with several gateways are common. */
const networks = ['north', 'south']

function cluster(index: number): fc.Arbitrary<Cluster> {
  return fc.record({
    name: fc.constant(`c${index}`),
    network: fc.constantFrom(...networks),
    podCidr: fc.constant(`10.${10 * (index + 1)}.0.0/16`),
    serviceCidr: fc.constant(`10.${100 + 10 * (index + 1)}.0.0/16`),
    nodes: fc.integer({ min: 1, max: 3 }),
    gateway: fc.option(fc.record({ loadBalancer: fc.constantFrom('none', 'l2', 'proxy') }), {
      nil: undefined,
      freq: 2,
    }),
  })
}

/** Routes of one pair: often both ways, sometimes one, sometimes none. */
function routesBetween(a: number, b: number): fc.Arbitrary<readonly Route[]> {
  const there = { from: `c${a}`, to: `c${b}` }
  const back = { from: `c${b}`, to: `c${a}` }
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant([there, back]) },
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.constantFrom([there], [back]) },
  )
}

/** One to four clusters in up to two networks, with any routes between them and any gateways. */
export const topologies: fc.Arbitrary<Topology> = fc.integer({ min: 1, max: 4 }).chain((size) => {
  const numbers = Array.from({ length: size }, (_, i) => i)
  const pairs = numbers.flatMap((a) => numbers.slice(a + 1).map((b) => routesBetween(a, b)))
  return fc.record({
    clusters: fc.tuple(...numbers.map(cluster)),
    routes: fc.tuple(...pairs).map((routes) => routes.flat()),
  })
})

/** Ends that exist in the topology. */
export function endsWithin(topology: Topology): fc.Arbitrary<PathEnds> {
  const place = fc
    .constantFrom(...topology.clusters)
    .chain((c) => fc.record({ cluster: fc.constant(c.name), node: fc.integer({ min: 1, max: c.nodes }) }))
  return fc.record({ client: place, server: place, mesh: fc.constantFrom('ambient', 'none') })
}

export const topologiesWithEnds: fc.Arbitrary<readonly [Topology, PathEnds]> = topologies.chain((topology) =>
  fc.tuple(fc.constant(topology), endsWithin(topology)),
)
