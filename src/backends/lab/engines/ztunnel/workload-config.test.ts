import { describe, expect, it } from 'vitest'
import { layOut } from '../../layout.ts'
import { planMesh } from '../../mesh.ts'
import type { Misroute } from '../../forwarding.ts'
import { ladder } from '../../testing/ladder.ts'
import { parseStrictly, type StrictConfig } from './testing/strict-config.ts'
import { workloadConfig } from './workload-config.ts'

function configs(misroute?: Misroute): ReadonlyMap<string, StrictConfig> {
  const plan = ladder()
  const { ztunnels } = planMesh(plan, layOut(plan, misroute), misroute, () => true)
  return new Map(ztunnels.map(({ name, mesh }) => [name, parseStrictly(workloadConfig(mesh))]))
}

const client = 'ztunnel-node-east-1-n1'

describe('what a real ztunnel is told of its mesh', () => {
  it('is what the strictest version takes, for every node that has pods of the mesh', () => {
    expect([...configs().keys()]).toEqual([
      'ztunnel-node-east-1-n1',
      'ztunnel-node-east-1-n2',
      'ztunnel-node-east-2-n1',
      'ztunnel-node-west-n1',
      'ztunnel-node-south-n1',
    ])
  })

  it('has pods of its own network by their address, and those of others behind a gateway', () => {
    const { workloads = [] } = configs().get(client) ?? {}
    const of = (name: string) => workloads.find((workload) => workload.name === name)
    expect(of('server-east-2-n1')).toMatchObject({ workloadIps: ['10.20.0.11'], network: 'east' })
    expect(of('server-east-2-n1')).not.toHaveProperty('networkGateway')
    expect(of('server-west-n1')).toMatchObject({
      workloadIps: [],
      network: 'west',
      networkGateway: { destination: 'west/198.18.3.1', hboneMtlsPort: 15_008 },
    })
    // Without the gateway among the workloads a ztunnel says "unknown network gateway".
    expect(of('istio-eastwestgateway-west')).toMatchObject({ workloadIps: ['198.18.3.1'], network: 'west' })
    expect(of('istio-eastwestgateway-south')).toMatchObject({ workloadIps: ['198.18.4.200'] })
  })

  it('has services at the addresses of its own cluster, with who may answer for them', () => {
    const { services = [] } = configs().get(client) ?? {}
    const west = services.find(({ name }) => name === 'server-west-n1')
    expect(west).toMatchObject({
      hostname: 'server-west-n1.hopmeter.svc.cluster.local',
      vips: ['east/10.96.1.14'],
      ports: new Map([[8080, 8080]]),
      subjectAltNames: ['spiffe://cluster.local/ns/hopmeter/sa/server-west-n1'],
    })
  })

  it('lets a server’s ztunnel know its own pod and service, by which a gateway’s clients ask', () => {
    const { workloads = [], services = [] } = configs().get('ztunnel-node-west-n1') ?? {}
    expect(workloads.map(({ name, network, node }) => [name, network, node])).toEqual([
      ['server-west-n1', 'west', 'node-west-n1'],
    ])
    expect(services.map(({ hostname }) => hostname)).toEqual(['server-west-n1.hopmeter.svc.cluster.local'])
  })

  it('can be misrouted: through a gateway what is near, directly what is behind one', () => {
    const near = configs('direct-through-gateway').get(client)?.workloads ?? []
    expect(near.find(({ name }) => name === 'server-east-2-n1')).toHaveProperty('networkGateway')
    const far = configs('gateway-sent-direct').get(client)?.workloads ?? []
    const west = far.find(({ name }) => name === 'server-west-n1')
    expect(west).toMatchObject({ workloadIps: ['10.30.0.10'], network: 'east' })
    expect(west).not.toHaveProperty('networkGateway')
  })

  it('would be refused with a field that one version lacks, or a quoted port', () => {
    const [text = ''] = [...planTexts()]
    expect(() => parseStrictly(text)).not.toThrow()
    expect(() =>
      parseStrictly(text.replace('subjectAltNames:', 'canonical: true\n    subjectAltNames:')),
    ).toThrow(/canonical/)
    expect(() => parseStrictly(text.replace(/8080: 8080/, '"8080": 8080'))).toThrow(/number/)
  })
})

function planTexts(): readonly string[] {
  const plan = ladder()
  return planMesh(plan, layOut(plan), undefined, () => true).ztunnels.map(({ mesh }) => workloadConfig(mesh))
}
