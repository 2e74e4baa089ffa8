import { describe, expect, it } from 'vitest'
import { changed, problemsOf, validText } from './testing/texts.ts'

/** All changes in one text. */
function edited(...edits: readonly (readonly [from: string, to: string])[]): string {
  return edits.reduce((text, [from, to]) => changed(from, to, text), validText)
}

it('the example has no problems', () => {
  expect(problemsOf(validText)).toEqual([])
})

describe('addresses', () => {
  it.each([
    [
      'pods with pods',
      edited(['10.20.0.0/16', '10.10.128.0/17']),
      '15:16: spec.clusters[1].podCidr: 10.10.128.0/17 overlaps the podCidr 10.10.0.0/16 of cluster "east-1"',
    ],
    [
      'services with services',
      edited(['10.120.0.0/16', '10.96.0.0/12']),
      '16:20: spec.clusters[1].serviceCidr: 10.96.0.0/12 overlaps the serviceCidr 10.110.0.0/16 of cluster "east-1"',
    ],
    [
      'pods with services of another cluster',
      edited(['10.30.0.0/16', '10.110.7.0/24']),
      '19:16: spec.clusters[2].podCidr: 10.110.7.0/24 overlaps the serviceCidr 10.110.0.0/16 of cluster "east-1"',
    ],
    [
      'services with pods of the same cluster',
      edited(['10.110.0.0/16', '10.10.0.0/24']),
      '11:20: spec.clusters[0].serviceCidr: 10.10.0.0/24 overlaps the podCidr 10.10.0.0/16 of cluster "east-1"',
    ],
    [
      'one with several',
      edited(['10.30.0.0/16', '10.0.0.0/11']),
      '19:16: spec.clusters[2].podCidr: 10.0.0.0/11 overlaps the podCidr 10.10.0.0/16 of cluster "east-1", the podCidr 10.20.0.0/16 of cluster "east-2"',
    ],
  ])('overlapping: %s', (_, text, message) => {
    expect(problemsOf(text)).toEqual([message])
  })

  it.each([
    ['10.10.0.0/24', '10.10.0.0/24 has room for 1 node (each takes a /24), cluster "east-1" has 2 nodes'],
    ['10.10.0.0/25', '10.10.0.0/25 has room for 0 nodes (each takes a /24), cluster "east-1" has 2 nodes'],
    ['8.0.0.0/7', 'expected a prefix of /8 or longer, got /7'],
  ])('a pod CIDR that does not fit the nodes: %s', (cidr, message) => {
    expect(problemsOf(changed('10.10.0.0/16', cidr))).toEqual([`10:16: spec.clusters[0].podCidr: ${message}`])
  })

  it('a pod CIDR that just fits', () => {
    expect(problemsOf(changed('10.10.0.0/16', '10.10.0.0/23'))).toEqual([])
  })

  it.each(['10.64.0.0/11', '10.110.0.0/25'])('a service CIDR that Kubernetes cannot use: %s', (cidr) => {
    expect(problemsOf(changed('10.110.0.0/16', cidr))[0]).toContain(
      '11:20: spec.clusters[0].serviceCidr: expected a prefix from /12 to /24',
    )
  })
})

describe('clusters, routes and delays', () => {
  it.each([
    [
      'two clusters of one name',
      edited(
        ['name: east-2', 'name: east-1'],
        ['[east-1, east-2]', '[east-1, west]'],
        ['oneWay:', '#'],
        ['- { from', '# - { from'],
        ['cluster: east-2', 'cluster: west'],
      ),
      ['13:13: spec.clusters[1].name: there is already a cluster "east-1"'],
    ],
    [
      'two gateways in a network',
      edited(
        ['10.120.0.0/16\n', '10.120.0.0/16\n      gateway: {}\n'],
        ['nodes: 2\n', 'nodes: 2\n      gateway: {}\n'],
      ),
      [
        '18:7: spec.clusters[1].gateway: network "east" already has the gateway of "east-1"; istiod would take whichever comes first, so give a network one gateway',
      ],
    ],
    [
      'a route to a cluster that is none',
      edited(['[east-1, east-2]', '[east-1, esat-2]']),
      ['25:18: spec.routes.between[0][1]: there is no cluster "esat-2"; did you mean "east-2"?'],
    ],
    [
      'a one-way route to a cluster that is none',
      edited(['to: west', 'to: moon']),
      ['27:29: spec.routes.oneWay[0].to: there is no cluster "moon"; known: east-1, east-2, west'],
    ],
    [
      'a route from a cluster to itself',
      edited(['[east-1, east-2]', '[east-2, east-2]']),
      ['25:9: spec.routes.between[0]: both ends are cluster "east-2"'],
    ],
    [
      'a route given twice',
      edited(['[east-1, east-2]', '[east-1, east-2]\n      - [east-2, east-1]']),
      ['26:9: spec.routes.between[1]: "east-2" to "east-1" is given twice'],
    ],
    [
      'a one-way route that a pair covers',
      edited(['from: east-1, to: west', 'from: east-2, to: east-1']),
      ['27:9: spec.routes.oneWay[0]: "east-2" to "east-1" is given twice'],
    ],
    [
      'a delay to a network that is none',
      edited(['between: [east, west]', 'between: [east, wset]']),
      ['29:23: spec.delays[0].between[1]: there is no network "wset"; did you mean "west"?'],
    ],
    [
      'a delay within a network',
      edited(['between: [east, west]', 'between: [east, east]']),
      ['29:16: spec.delays[0].between: both ends are network "east"'],
    ],
    [
      'a delay given twice',
      edited(['rtt: 5ms', 'rtt: 5ms\n    - { between: [west, east], rtt: 1ms }']),
      ['31:18: spec.delays[1].between: "west" to "east" is given twice'],
    ],
  ])('%s', (_, text, messages) => {
    expect(problemsOf(text)).toEqual(messages)
  })

  it('two one-way routes may make a pair', () => {
    const oneWay = 'from: east-1, to: west }\n      - { from: west, to: east-1 }'
    expect(problemsOf(changed('from: east-1, to: west }', oneWay))).toEqual([])
  })

  it('a gateway that no path uses is fine', () => {
    expect(problemsOf(changed('nodes: 2\n', 'nodes: 2\n      gateway: {}\n'))).toEqual([])
  })
})

describe('paths', () => {
  it.each([
    [
      'two of one name',
      edited(['name: gateway', 'name: direct']),
      '36:13: spec.paths[1].name: there is already a path "direct"',
    ],
    [
      'a client in a cluster that is none',
      edited(['client: { cluster: east-1 }', 'client: { cluster: est-1 }']),
      '37:26: spec.paths[1].client.cluster: there is no cluster "est-1"; did you mean "east-1"?',
    ],
    [
      'a node that is none',
      edited(['cluster: east-1, node: 2', 'cluster: east-1, node: 3']),
      '33:40: spec.paths[0].client.node: cluster "east-1" has 2 nodes, there is no node 3',
    ],
    [
      'an expectation that is too high',
      edited(['expect: 5', 'expect: 6']),
      '39:15: spec.paths[1].expect: path "gateway" cannot have 6 components: from network "east" into network "west" it goes through the gateway of "west", which makes 5: client pod (east-1/n1) → ztunnel (east-1/n1) → east-west gateway (west) → ztunnel (west/n1) → server pod (west/n1)',
    ],
    [
      'an expectation that forgets the load balancer',
      edited(['loadBalancer: none', 'loadBalancer: proxy']),
      '39:15: spec.paths[1].expect: path "gateway" cannot have 5 components: from network "east" into network "west" it goes through the load balancer and gateway of "west", which makes 6: ',
    ],
    [
      'an expectation that forgets the mesh mode',
      edited(['expect: 4', 'expect: 4\n      mesh: none']),
      '35:15: spec.paths[0].expect: path "direct" cannot have 4 components: without a mesh the pods talk to each other directly, which makes 2: client pod (east-1/n2) → server pod (east-2/n1)',
    ],
    [
      'unreachable, and it is reachable',
      edited(['expect: 4', 'expect: unreachable']),
      '35:15: spec.paths[0].expect: path "direct" cannot be unreachable: both clusters are in network "east"',
    ],
    [
      'into a network without a gateway',
      edited(['      gateway: { loadBalancer: none }\n', '']),
      '38:15: spec.paths[1].expect: path "gateway" cannot exist: network "west" has no east-west gateway, and other networks can enter only through one; give that network a gateway, or write expect: unreachable',
    ],
    [
      'within a network without a route',
      edited(['[east-1, east-2]', '[east-1, west]'], ['oneWay', '# oneWay'], ['- { from', '# - { from']),
      '35:15: spec.paths[0].expect: path "direct" cannot exist: no route joins the pod CIDRs of "east-1" and "east-2", and within one network pods dial pods; add the route, or write expect: unreachable',
    ],
    [
      'within a network with a route one way',
      edited(['between:\n      - [east-1, east-2]', 'between: []'], ['to: west', 'to: east-2']),
      '34:15: spec.paths[0].expect: path "direct" cannot exist: the pod CIDR of "east-1" is not routed from "east-2", so packets go one way only, and within one network pods dial pods; add the route, or write expect: unreachable',
    ],
  ])('%s', (_, text, message) => {
    const problems = problemsOf(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(message)
  })

  it('may be unreachable on purpose', () => {
    const unrouted = edited(
      ['[east-1, east-2]', '[east-1, west]'],
      ['oneWay', '# oneWay'],
      ['- { from', '# - { from'],
    )
    expect(problemsOf(changed('expect: 4', 'expect: unreachable', unrouted))).toEqual([])
    const noGateway = changed('      gateway: { loadBalancer: none }\n', '')
    expect(problemsOf(changed('expect: 5', 'expect: unreachable', noGateway))).toEqual([])
  })
})

describe('load', () => {
  it.each([
    [
      '- profile: pingpong\n    - { profile: pingpong, protocol: http1 }',
      '42:7: spec.load[1]: pingpong over http1 with 16 bytes up and 16 down is given twice',
    ],
    [
      '- { profile: closed, connections: [4, 4] }',
      '41:7: spec.load[0]: closed with 4 connections and 16 bytes up and 16 down is given twice',
    ],
    [
      '- { profile: open, rate: 5 }\n    - { profile: open, rate: 5, connections: 2 }',
      '42:7: spec.load[1]: open at 5/s with 16 bytes up and 16 down is given twice',
    ],
    [
      '- { profile: connect }\n    - { profile: connect }',
      '42:7: spec.load[1]: connect with 16 bytes up and 16 down is given twice',
    ],
  ])('%s', (load, message) => {
    expect(problemsOf(changed('- profile: pingpong', load))).toEqual([message])
  })

  it('may repeat a profile with other sizes, protocols, rates or connections', () => {
    const load = `- profile: pingpong
    - { profile: pingpong, protocol: tcp, requestBytes: 0 }
    - { profile: pingpong, responseBytes: 1024 }
    - { profile: closed, connections: [1] }
    - { profile: closed, connections: [2] }
    - { profile: open, rate: 5 }
    - { profile: open, rate: 6 }`
    expect(problemsOf(changed('- profile: pingpong', load))).toEqual([])
  })
})

describe('one mistake is reported once', () => {
  it.each([
    ['a misspelt gateway does not make its paths impossible', edited(['gateway: {', 'gatway: {'])],
    ['a misspelt node count does not make nodes missing', edited(['nodes: 2', 'nods: 2'])],
    ['a misspelt route does not make its paths unrouted', edited(['[east-1, east-2]', '[east-1, esat-2]'])],
    [
      'a cluster without a name does not make others unknown',
      edited(['- name: east-2\n      network: east', '- network: east']),
    ],
    ['a cluster with a bad name does not make paths unknown', edited(['- name: east-2', '- name: [east-2]'])],
    [
      'a misspelt mesh does not contradict the path rule',
      edited(['expect: 4', 'expect: 2\n      msh: none']),
    ],
    ['a bad delay leaves its networks alone', edited(['rtt: 5ms', 'rtt: -5ms'])],
  ])('%s', (_, text) => {
    expect(problemsOf(text)).toHaveLength(1)
  })
})
