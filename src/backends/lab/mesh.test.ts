import { describe, expect, it } from 'vitest'
import type { ZtunnelConfig } from './components/protocol.ts'
import { layOut } from './layout.ts'
import { planMesh } from './mesh.ts'
import { ladder } from './testing/ladder.ts'
import { cluster, path, planOf } from './testing/scenario.ts'
import type { Plan } from '../../plan/plan-scenario.ts'

const identity = (spiffe: string) => ({ spiffe, certPem: '', keyPem: '', rootPem: '' })

function meshOf(plan: Plan) {
  const mesh = planMesh(plan, layOut(plan))
  const configs = new Map(mesh.components.map(({ name, config }) => [name, config(identity)]))
  return { mesh, configs }
}

describe('planMesh', () => {
  it('has one ztunnel for both ends on the same node, and one for each end elsewhere', () => {
    const { mesh } = meshOf(ladder())
    expect(mesh.components.map(({ name }) => name)).toEqual([
      'ztunnel-client-east-1-n1',
      'ztunnel-server-east-1-n2',
      'ztunnel-server-east-2-n1',
      'ztunnel-server-west-n1',
      'ztunnel-server-south-n1',
      'gateway-west',
      'gateway-south',
      'lb-south',
    ])
  })

  it('gives a server its own ztunnel when somebody beyond its node uses it too', () => {
    const plan = planOf({ clusters: [cluster(1, 'east', { nodes: 2 })], routes: [] }, [
      path('near', 'east/1', 'east/1', 'ambient'),
      path('far', 'east/2', 'east/1', 'ambient'),
    ])
    const names = meshOf(plan).mesh.components.map(({ name }) => name)
    expect(names).toEqual(['ztunnel-client-east-n1', 'ztunnel-client-east-n2', 'ztunnel-server-east-n1'])
  })

  it('tells the client ztunnel where each service is, as discovery does', () => {
    const { configs } = meshOf(ladder())
    const { outbound } = configs.get('ztunnel-client-east-1-n1') as ZtunnelConfig
    expect(outbound?.services.map(({ upstream }) => upstream)).toMatchObject([
      { protocol: 'HBONE', address: '10.10.0.12:15008', authority: '10.10.0.12:8080' },
      { protocol: 'HBONE', address: '10.10.1.10:15008', authority: '10.10.1.10:8080' },
      { protocol: 'HBONE', address: '10.20.0.11:15008', authority: '10.20.0.11:8080' },
      { protocol: 'DOUBLEHBONE', address: '198.18.3.1:15008', network: 'east' },
      { protocol: 'DOUBLEHBONE', address: '198.18.4.200:15008', network: 'east' },
    ])
    expect(new Set(outbound?.services.map(({ capturePort }) => capturePort)).size).toBe(5)
  })

  it('tells a gateway which pod a service of its network is', () => {
    const { configs } = meshOf(ladder())
    expect(configs.get('gateway-west')).toMatchObject({
      listen: '10.30.0.11:15008',
      targets: { 'server-west-n1.hopmeter.svc.cluster.local:8080': '10.30.0.10:15008' },
    })
    expect(configs.get('lb-south')).toMatchObject({
      listen: '198.18.4.200:15008',
      upstream: '198.18.4.1:15008',
    })
  })

  it('keeps services without an endpoint from the client ztunnel', () => {
    const plan = planOf({ clusters: [cluster(1, 'east'), cluster(2, 'west')], routes: [] }, [
      path('p', 'east', 'west', 'ambient'),
    ])
    const { mesh, configs } = meshOf(plan)
    expect((configs.get('ztunnel-client-east-n1') as ZtunnelConfig).outbound?.services).toEqual([])
    expect(mesh.captures[0]?.services).toEqual([])
  })

  it('uses a relation of two workloads once, however many paths share it', () => {
    const paths = ['a', 'b'].map((name) => path(name, 'east/1', 'east/2', 'ambient'))
    const plan = planOf({ clusters: [cluster(1, 'east', { nodes: 2 })], routes: [] }, paths)
    expect(meshOf(plan).mesh.captures[0]?.services).toHaveLength(1)
  })

  it('says who owns every address that is dialled', () => {
    const { mesh, configs } = meshOf(ladder())
    const owned = new Map(mesh.addresses.map(({ address, component }) => [address, component.kind]))
    const dialled = [...configs.values()].flatMap((config) => {
      if (config.role === 'load-balancer') return [config.upstream]
      if (config.role === 'gateway') return Object.values(config.targets)
      return [
        ...(config.outbound?.services ?? []).map(({ upstream }) => upstream.address),
        ...Object.values(config.inbound?.targets ?? {}),
      ]
    })
    expect(dialled.filter((address) => !owned.has(address))).toEqual([])
    expect(owned.get('198.18.4.200:15008')).toBe('load-balancer')
    expect(owned.get('198.18.4.1:15008')).toBe('east-west-gateway')
  })
})
