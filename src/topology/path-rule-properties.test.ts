import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PathEnds, Route, Topology } from './model.ts'
import type { LoadBalancerKind } from './load-balancers.ts'
import { componentKey } from './component.ts'
import { explainPath } from './explain.ts'
import { pathRule } from './path-rule.ts'
import { topologies, topologiesWithEnds } from './testing/arbitraries.ts'

const both = (a: string, b: string): Route[] => [
  { from: a, to: b },
  { from: b, to: a },
]

const thorough = { numRuns: 1000 }

describe('for every topology', () => {
  it('each path has components or a reason', () => {
    const anyEnds = fc.record({
      client: fc.record({ cluster: fc.constantFrom('c0', 'c1', 'c9', '', '__proto__'), node: fc.double() }),
      server: fc.record({ cluster: fc.constantFrom('c0', 'c1', 'c9', 'toString'), node: fc.integer() }),
      mesh: fc.constantFrom('ambient' as const, 'none' as const),
    })
    fc.assert(
      fc.property(topologies, anyEnds, (topology, path) => {
        const rule = pathRule(topology, path)
        expect(rule.possible ? rule.components.length >= 2 : rule.reason !== '').toBe(true)
        expect(explainPath(topology, path)).not.toContain('undefined')
      }),
      thorough,
    )
  })

  it('components lead from the client pod to the server pod, each once, and their number is the hops', () => {
    fc.assert(
      fc.property(topologiesWithEnds, ([topology, path]) => {
        const rule = pathRule(topology, path)
        if (!rule.possible) return
        expect(rule.components[0]).toEqual({ kind: 'client-pod', ...path.client })
        expect(rule.components.at(-1)).toEqual({ kind: 'server-pod', ...path.server })
        expect(rule.hops).toBe(rule.components.length)
        expect(new Set(rule.components.map(componentKey)).size).toBe(rule.hops)
        const inMesh = rule.components.some((c) => c.kind === 'ztunnel')
        expect(inMesh).toBe(path.mesh === 'ambient')
        const viaGateway = rule.components.some((c) => c.kind === 'east-west-gateway')
        expect(rule.protocol).toBe(!inMesh ? 'TCP' : viaGateway ? 'DOUBLEHBONE' : 'HBONE')
      }),
      thorough,
    )
  })

  it('a gateway is on the path if and only if the mesh joins two networks', () => {
    fc.assert(
      fc.property(topologiesWithEnds, ([topology, path]) => {
        const rule = pathRule(topology, path)
        if (!rule.possible) return
        const networkOf = (name: string) => topology.clusters.find((c) => c.name === name)?.network
        const crosses =
          path.mesh === 'ambient' && networkOf(path.client.cluster) !== networkOf(path.server.cluster)
        const gateway = rule.components.find((c) => c.kind === 'east-west-gateway')
        expect(gateway !== undefined).toBe(crosses)
        expect(gateway && networkOf(gateway.cluster)).toBe(
          crosses ? networkOf(path.server.cluster) : undefined,
        )
      }),
      thorough,
    )
  })

  it('within a cluster every path exists and the rest of the world does not matter', () => {
    fc.assert(
      fc.property(topologiesWithEnds, ([topology, path]) => {
        const server = { ...path.server, cluster: path.client.cluster, node: 1 }
        const local = { ...path, server }
        const alone = topology.clusters.filter((c) => c.name === path.client.cluster)
        const rule = pathRule(topology, local)
        expect(rule.possible).toBe(true)
        expect(rule).toEqual(pathRule({ clusters: alone, routes: [] }, local))
      }),
      thorough,
    )
  })

  it('two clusters with one label and routes both ways are always 4 apart', () => {
    fc.assert(
      fc.property(topologiesWithEnds, ([topology, path]) => {
        const { client, server } = path
        fc.pre(client.cluster !== server.cluster)
        const network = 'shared'
        const joined: Topology = {
          clusters: topology.clusters.map((c) =>
            c.name === client.cluster || c.name === server.cluster ? { ...c, network } : c,
          ),
          routes: [...topology.routes, ...both(client.cluster, server.cluster)],
        }
        const rule = pathRule(joined, { ...path, mesh: 'ambient' })
        expect(rule).toMatchObject({ possible: true, hops: 4, protocol: 'HBONE' })
      }),
      thorough,
    )
  })

  it('adding a route never lengthens a path nor takes one away', () => {
    fc.assert(
      fc.property(topologiesWithEnds, fc.nat(), fc.nat(), ([topology, path], a, b) => {
        const names = topology.clusters.map((c) => c.name)
        const route = { from: names[a % names.length]!, to: names[b % names.length]! }
        const more = { ...topology, routes: [...topology.routes, route] }
        expect(isWorse(topology, more, path)).toBe(false)
      }),
      thorough,
    )
  })

  it('adding a gateway never lengthens a path nor takes one away', () => {
    const kinds = fc.constantFrom<LoadBalancerKind[]>('none', 'l2', 'proxy')
    fc.assert(
      fc.property(topologiesWithEnds, fc.nat(), kinds, ([topology, path], at, loadBalancer) => {
        const target = topology.clusters[at % topology.clusters.length]!
        fc.pre(!target.gateway)
        const clusters = topology.clusters.map((c) =>
          c === target ? { ...c, gateway: { loadBalancer } } : c,
        )
        expect(isWorse(topology, { ...topology, clusters }, path)).toBe(false)
      }),
      thorough,
    )
  })

  it('the way back takes the same number of components within a network or without a mesh', () => {
    fc.assert(
      fc.property(topologiesWithEnds, ([topology, path]) => {
        const there = pathRule(topology, path)
        const back = pathRule(topology, { ...path, client: path.server, server: path.client })
        fc.pre(there.possible && there.protocol !== 'DOUBLEHBONE')
        expect(back).toMatchObject({ possible: true, hops: there.hops, protocol: there.protocol })
      }),
      thorough,
    )
  })

  function isWorse(before: Topology, after: Topology, path: PathEnds): boolean {
    const was = pathRule(before, path)
    const is = pathRule(after, path)
    return was.possible && (!is.possible || is.hops > was.hops)
  }
})
