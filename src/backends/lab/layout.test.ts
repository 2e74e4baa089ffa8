import { describe, expect, it } from 'vitest'
import { layOut } from './layout.ts'
import { ladder } from './testing/ladder.ts'
import { between, cluster, path, planOf } from './testing/scenario.ts'

describe('layOut', () => {
  it('gives every node, pod and gateway a name and an address of its own', () => {
    const { nodes, gateways, pods } = layOut(ladder())
    const addresses = [
      ...nodes.flatMap(({ ip, bridgeIp }) => [ip, bridgeIp]),
      ...[...pods.values()].map(({ ip }) => ip),
    ]
    expect(new Set(addresses).size).toBe(addresses.length)
    const names = [
      ...nodes.map(({ netns }) => netns),
      ...pods.keys(),
      ...gateways.map((g) => g.loadBalancerNetns),
    ]
    expect(new Set(names).size).toBe(names.length)
    expect(nodes.map(({ netns, ip, podCidr }) => [netns, ip, podCidr])).toEqual([
      ['node-east-1-n1', '198.18.1.1', '10.10.0.0/24'],
      ['node-east-1-n2', '198.18.1.2', '10.10.1.0/24'],
      ['node-east-2-n1', '198.18.2.1', '10.20.0.0/24'],
      ['node-west-n1', '198.18.3.1', '10.30.0.0/24'],
      ['node-south-n1', '198.18.4.1', '10.40.0.0/24'],
    ])
    expect(gateways.map(({ pod, nodeAddress, published }) => [pod.netns, nodeAddress, published])).toEqual([
      ['gateway-west', '198.18.3.1', '198.18.3.1'],
      ['gateway-south', '198.18.4.1', '198.18.4.200'],
    ])
  })

  it('has room for the largest scenario that the schema allows', () => {
    const clusters = Array.from({ length: 16 }, (_, i) =>
      cluster(i + 1, `c${i}`, { nodes: 16, gateway: { loadBalancer: 'l2' } }),
    )
    const { nodes, gateways } = layOut(planOf({ clusters, routes: [] }, [path('p', 'c0', 'c1', 'ambient')]))
    const addresses = [...nodes.map(({ ip }) => ip), ...gateways.map(({ nodeAddress }) => nodeAddress)]
    expect(new Set(addresses).size).toBe(16 * 16 + 16)
  })

  it('gives a service an address in each client cluster', () => {
    const plan = ladder()
    const { serviceAddress } = layOut(plan)
    const servers = plan.workloads.filter(({ role }) => role === 'server')
    const hosts = servers.map((server) => serviceAddress('east-1', server).host)
    expect(new Set(hosts).size).toBe(servers.length)
    expect(hosts.every((host) => host.startsWith('10.96.1.'))).toBe(true)
    expect(serviceAddress('west', servers[0]!).host).toMatch(/^10\.96\.3\./)
  })

  it.for([
    [{ podCidr: '198.18.4.0/22' }, 'podCidr 198.18.4.0/22 overlaps 198.18.0.0/16'],
    [{ serviceCidr: '198.0.0.0/8' }, 'serviceCidr 198.0.0.0/8 overlaps 198.18.0.0/16'],
    [{ serviceCidr: '10.96.0.0/29' }, 'serviceCidr 10.96.0.0/29 has too few addresses'],
  ] as const)('refuses %o', ([more, message]) => {
    const plan = planOf({ clusters: [cluster(1, 'east', more)], routes: [] }, [
      path('p', 'east', 'east', 'ambient'),
    ])
    const use = () => layOut(plan).serviceAddress('east', plan.workloads[1]!)
    expect(use).toThrow(message)
  })

  it('adds the routes that misrouted traffic needs, and no others', () => {
    const plan = ladder()
    expect(layOut(plan).routes).toEqual(between('east-1', 'east-2'))
    expect(layOut(plan, 'gateway-sent-direct').routes).toEqual([
      ...between('east-1', 'east-2'),
      ...between('east-1', 'west'),
      ...between('east-1', 'south'),
    ])
    expect(layOut(plan, 'direct-through-gateway').routes).toEqual([
      ...between('east-1', 'east-2'),
      ...between('west', 'east-1'),
      ...between('west', 'east-2'),
    ])
  })

  it('cannot misroute through a gateway that is not there', () => {
    const plan = planOf({ clusters: [cluster(1, 'east', { nodes: 2 })], routes: [] }, [
      path('p', 'east/1', 'east/2', 'ambient'),
    ])
    expect(() => layOut(plan, 'direct-through-gateway')).toThrow('has no gateway')
  })
})
