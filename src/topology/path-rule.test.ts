import { describe, expect, it } from 'vitest'
import type { Cluster, PathEnds, Route, Topology } from './model.ts'
import type { LoadBalancerKind } from './load-balancers.ts'
import { pathLabel } from './component.ts'
import { explainPath } from './explain.ts'
import { pathRule } from './path-rule.ts'

const cluster = (name: string, network: string, loadBalancer?: LoadBalancerKind, nodes = 1): Cluster => ({
  name,
  network,
  podCidr: '10.10.0.0/16',
  serviceCidr: '10.110.0.0/16',
  nodes,
  gateway: loadBalancer && { loadBalancer },
})

const both = (a: string, b: string): Route[] => [
  { from: a, to: b },
  { from: b, to: a },
]

/** `east-1/n2` or `east-1`, which is on node 1. */
const place = (text: string) => {
  const [name, node] = text.split('/n')
  return { cluster: name!, node: Number(node ?? 1) }
}

const ends = (client: string, server: string, mesh: PathEnds['mesh'] = 'ambient'): PathEnds => ({
  client: place(client),
  server: place(server),
  mesh,
})

const world: Topology = {
  clusters: [
    cluster('east-1', 'east', undefined, 2),
    cluster('east-2', 'east'),
    cluster('east-3', 'east'),
    cluster('west', 'west', 'none'),
    cluster('west-2', 'west'),
    cluster('west-3', 'west'),
    cluster('l2', 'metal', 'l2'),
    cluster('south', 'south', 'proxy'),
    cluster('island', 'island'),
  ],
  routes: [
    ...both('east-1', 'east-2'),
    { from: 'east-1', to: 'east-3' },
    ...both('west', 'west-2'),
    ...both('east-1', 'west-2'),
  ],
}

describe('pathRule gives each path its components', () => {
  it.each([
    ['east-1', 'east-1', 3, 'client pod (east-1/n1) → ztunnel (east-1/n1) → server pod (east-1/n1)'],
    [
      'east-1',
      'east-1/n2',
      4,
      'client pod (east-1/n1) → ztunnel (east-1/n1) → ztunnel (east-1/n2) → server pod (east-1/n2)',
    ],
    [
      'east-1',
      'east-2',
      4,
      'client pod (east-1/n1) → ztunnel (east-1/n1) → ztunnel (east-2/n1) → server pod (east-2/n1)',
    ],
    [
      'east-1/n2',
      'west',
      5,
      'client pod (east-1/n2) → ztunnel (east-1/n2) → east-west gateway (west) → ztunnel (west/n1) → server pod (west/n1)',
    ],
    [
      'east-1',
      'south',
      6,
      'client pod (east-1/n1) → ztunnel (east-1/n1) → load balancer (south) → east-west gateway (south) → ztunnel (south/n1) → server pod (south/n1)',
    ],
  ])('%s to %s: %i', (client, server, hops, label) => {
    const rule = pathRule(world, ends(client, server))
    expect(rule).toMatchObject({ possible: true, hops })
    expect(rule.possible && pathLabel(rule.components)).toBe(label)
  })

  it('an L2 load balancer adds nothing', () => {
    expect(pathRule(world, ends('east-1', 'l2'))).toMatchObject({ hops: 5, protocol: 'DOUBLEHBONE' })
  })

  it('a server in a cluster without a gateway is reached through that of its network', () => {
    const rule = pathRule(world, ends('south', 'west-2'))
    expect(rule).toMatchObject({ possible: true, hops: 5 })
    expect(rule.possible && rule.components[2]).toEqual({ kind: 'east-west-gateway', cluster: 'west' })
  })

  it('labels decide, not routes: a routed pair with different labels goes through the gateway', () => {
    expect(pathRule(world, ends('east-1', 'west-2'))).toMatchObject({ hops: 5, protocol: 'DOUBLEHBONE' })
  })

  it.each([
    ['own', cluster('b', 'n', 'none'), cluster('c', 'n', 'none'), 'b', 5],
    ['shorter', cluster('b', 'n', 'proxy'), cluster('c', 'n', 'none'), 'c', 5],
    ['own, behind a proxy as the other is', cluster('b', 'n', 'proxy'), cluster('c', 'n', 'proxy'), 'b', 6],
  ])('of two gateways the %s one is taken, in whatever order they are declared', (_, b, c, owner, hops) => {
    for (const clusters of [
      [cluster('a', 'm'), b, c],
      [c, b, cluster('a', 'm')],
    ]) {
      const rule = pathRule({ clusters, routes: both('b', 'c') }, ends('a', 'b'))
      expect(rule).toMatchObject({ possible: true, hops })
      expect(rule.possible && rule.components.find((x) => x.kind === 'east-west-gateway')?.cluster).toBe(
        owner,
      )
    }
  })

  it.each([
    ['east-1', 'east-1'],
    ['east-1', 'east-1/n2'],
    ['east-1', 'east-2'],
    ['east-1', 'west-2'],
  ])('without a mesh %s to %s is the two pods, whatever the labels', (client, server) => {
    expect(pathRule(world, ends(client, server, 'none'))).toMatchObject({ hops: 2, protocol: 'TCP' })
  })

  it('names the transport as ztunnel does', () => {
    expect(pathRule(world, ends('east-1', 'east-1'))).toMatchObject({ protocol: 'HBONE' })
    expect(pathRule(world, ends('east-1', 'east-2'))).toMatchObject({ protocol: 'HBONE' })
    expect(pathRule(world, ends('east-1', 'south'))).toMatchObject({ protocol: 'DOUBLEHBONE' })
  })
})

describe('pathRule says why a path cannot exist', () => {
  it.each([
    ['nowhere', 'east-1', 'unknown-cluster', 'there is no cluster "nowhere"'],
    ['east-1', 'nowhere', 'unknown-cluster', 'there is no cluster "nowhere"'],
    ['east-1/n3', 'east-1', 'unknown-node', 'cluster "east-1" has 2 nodes, there is no node 3'],
    ['east-1/n0', 'east-1', 'unknown-node', 'there is no node 0'],
    ['east-1/n1.5', 'east-1', 'unknown-node', 'there is no node 1.5'],
    ['east-2', 'east-3', 'unrouted', 'no route joins the pod CIDRs of "east-2" and "east-3"'],
    ['east-1', 'east-3', 'one-way-route', 'the pod CIDR of "east-1" is not routed from "east-3"'],
    ['east-3', 'east-1', 'one-way-route', 'the pod CIDR of "east-1" is not routed from "east-3"'],
    ['east-1', 'island', 'no-gateway', 'network "island" has no east-west gateway'],
    ['east-1', 'west-3', 'unrouted', 'the gateway of network "west" is in "west", but no route joins'],
  ])('%s to %s: %s', (client, server, code, reason) => {
    const rule = pathRule(world, ends(client, server))
    expect(rule).toMatchObject({ possible: false, code, reason: expect.stringContaining(reason) as string })
  })

  it('a gateway does not help where there is no mesh', () => {
    const rule = pathRule(world, ends('east-1', 'west', 'none'))
    expect(rule).toMatchObject({ possible: false, code: 'unrouted' })
    expect(!rule.possible && rule.reason).toContain('without a mesh pods dial pods')
  })

  it('a gateway does not help within a network', () => {
    const topology: Topology = {
      clusters: [cluster('a', 'n', 'none'), cluster('b', 'n', 'none')],
      routes: [],
    }
    expect(pathRule(topology, ends('a', 'b'))).toMatchObject({ possible: false, code: 'unrouted' })
  })
})

describe('explainPath', () => {
  it.each([
    ['east-1', 'east-1', 'ambient', 'on one node one ztunnel plays both roles'],
    ['east-1', 'east-1/n2', 'ambient', 'within a cluster the ztunnels of both nodes carry it'],
    [
      'east-1',
      'east-2',
      'ambient',
      'both clusters are in network "east" and their pod CIDRs are routed both ways',
    ],
    [
      'east-1',
      'west',
      'ambient',
      'from network "east" into network "west" it goes through the gateway of "west"',
    ],
    [
      'east-1',
      'south',
      'ambient',
      'from network "east" into network "south" it goes through the load balancer and gateway of "south"',
    ],
    ['east-1', 'east-2', 'none', 'without a mesh the pods talk to each other directly'],
    ['east-1', 'nowhere', 'ambient', 'there is no cluster "nowhere"'],
  ] as const)('%s to %s, mesh %s', (client, server, mesh, why) => {
    expect(explainPath(world, ends(client, server, mesh))).toBe(why)
  })
})
