import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ClusterMeshFacts, GatewayFacts, MeshFacts } from '../mesh-facts.ts'
import {
  hostname,
  ztunnel,
  service,
  gateway,
  east,
  west,
  path,
  direct,
  healthy,
  withEast,
  withWest,
} from '../../testing/healthy-mesh.ts'
import { findPitfalls, pitfalls } from './find-pitfalls.ts'

const [eastPod] = east.pods ?? []
const plane = {
  isInstalled: true,
  istiods: 1,
  isAvailable: true,
  version: '1.31.0',
  clusterId: 'c1',
  ztunnel: { available: 1, wanted: 1, network: 'east' },
}
const westPlane = { ...plane, clusterId: 'c2', ztunnel: { ...plane.ztunnel, network: 'west' } }
const entrance: GatewayFacts = { ...gateway, className: 'istio-east-west', network: 'west' }
const masqueraded = [
  '-N KIND-MASQ-AGENT',
  '-A KIND-MASQ-AGENT -d 10.1.0.0/16 -j RETURN',
  '-A KIND-MASQ-AGENT -j MASQUERADE',
]
const kept = [
  ...masqueraded.slice(0, 2),
  '-A KIND-MASQ-AGENT -d 10.2.0.0/16 -j RETURN',
  ...masqueraded.slice(2),
]

const there = { to: 'west', podCidr: '10.2.0.0/24', wanted: '172.18.0.4' }
const back = { to: 'east', podCidr: '10.1.0.0/24', wanted: '172.18.0.2' }

/** For each pitfall, facts that fall into it and a part of what is said then. */
const fallen: readonly (readonly [number, MeshFacts, RegExp])[] = [
  [1, withEast({ podCidr: '10.2.128.0/17' }), /pod CIDRs of east \(10\.2\.128\.0\/17\) and west/],
  [
    2,
    {
      ...healthy,
      paths: [direct],
      clusters: [
        { ...east, routes: [{ node: 'east-worker', ...there }] },
        { ...west, routes: [{ node: 'west-control-plane', ...back, via: back.wanted }] },
      ],
    },
    /east-worker has no route to the pods of west in 10\.2\.0\.0\/24, though the way back exists/,
  ],
  [
    2,
    { ...withEast({ routes: [{ node: 'east-worker', ...there, via: '172.18.0.1' }] }), paths: [direct] },
    /east-worker sends packets for the pods of west in 10\.2\.0\.0\/24 to 172\.18\.0\.1 instead of 172\.18\.0\.4/,
  ],
  [
    3,
    { ...withEast({ masquerade: new Map([['east-worker', masqueraded]]) }), paths: [direct] },
    /east-worker rewrites the source of packets to west/,
  ],
  [4, withEast({ ztunnels: [ztunnel('old')] }), /node 1 of east believes network "old", istiod says "east"/],
  [
    4,
    withEast({ networkLabel: '', ztunnels: [ztunnel('')] }),
    /cluster "east" is in network "", the scenario says "east"/,
  ],
  [5, withEast({ gatewayClasses: ['istio', 'istio-waypoint'] }), /east has no GatewayClass/],
  [6, withEast({ remotes: new Map([['west', 'timeout']]) }), /istiod of east has west as timeout/],
  [24, withEast({ controlPlane: { ...plane, isInstalled: false } }), /cluster "east" has no Istio/],
  [24, withEast({ controlPlane: { ...plane, isAvailable: false } }), /an istiod that is not available/],
  [24, withEast({ controlPlane: { ...plane, ztunnel: undefined } }), /cluster "east" has no ztunnel/],
  [
    25,
    {
      ...healthy,
      clusters: [
        { ...east, controlPlane: plane },
        {
          ...west,
          controlPlane: { ...plane, ztunnel: { ...plane.ztunnel, network: 'west' } },
          gateway: entrance,
        },
      ],
    },
    /east and west have the same name for Istio: "c1"/,
  ],
  [
    26,
    withEast({ remotes: new Map([['east', 'synced']]) }),
    /istiod of east does not know west, which is "west" to Istio/,
  ],
  [27, withWest({ controlPlane: westPlane, gateway: undefined }), /cluster "west" has no Gateway/],
  [
    27,
    withWest({ controlPlane: westPlane, gateway: { ...entrance, className: 'istio' } }),
    /is of class "istio"/,
  ],
  [
    27,
    withWest({ controlPlane: westPlane, gateway: { ...entrance, network: 'east' } }),
    /serves network "east"/,
  ],
  [
    27,
    withWest({ controlPlane: westPlane, gateway: { ...entrance, isProxied: true } }),
    /a load balancer that proxies/,
  ],
  [6, withEast({ remoteServers: new Map([['west', 'https://127.0.0.1:41234']]) }), /which is itself/],
  [
    7,
    withWest({ gateway: { addresses: ['10.112.0.7'], clusterIp: '10.112.0.7' } }),
    /publishes its ClusterIP 10\.112\.0\.7/,
  ],
  [
    7,
    withWest({ gateway: { ...gateway, addresses: ['172.18.0.4', '172.18.0.5'] } }),
    /publishes 2 addresses/,
  ],
  [7, withWest({ gateway: { ...gateway, ingress: '172.18.0.8' } }), /its load balancer has 172\.18\.0\.8/],
  [
    7,
    { ...withEast({ network: 'west', networkLabel: 'west', gateway, ztunnels: [ztunnel('west')] }) },
    /gateways in east and west/,
  ],
  [
    8,
    withWest({ ztunnels: [ztunnel('west', { roots: ['sha256:bb'] })] }),
    /west has another root certificate than east/,
  ],
  [8, withWest({ ztunnels: [ztunnel('west', { trustDomains: ['other'] })] }), /another trust domain/],
  [9, withEast({ services: [] }), /east has no service server-west-n1/],
  [9, withWest({ services: [{ ...service, labels: {} }] }), /of west is not istio\.io\/global=true/],
  [9, withWest({ services: [{ ...service, ports: [80] }] }), /ports 8080 here and 80 there/],
  [
    10,
    withEast({ pods: [{ ...eastPod!, redirection: undefined }] }),
    /client-east-n1 of east is not redirected/,
  ],
  [10, withEast({ pods: [{ ...eastPod!, protocol: 'TCP' }] }), /ztunnel has client-east-n1 of east as TCP/],
  [10, withEast({ namespaceLabels: {} }), /not istio\.io\/dataplane-mode=ambient/],
  [
    11,
    withEast({ services: [{ ...service, labels: { ...service.labels, 'istio.io/use-waypoint': 'wp' } }] }),
    /uses waypoint wp/,
  ],
  [
    12,
    withEast({
      ztunnels: [
        ztunnel('east', { endpoints: new Map([[hostname, [{ clusterId: 'east' }, { clusterId: 'west' }]]]) }),
      ],
    }),
    /has an endpoint in east, too/,
  ],
  [
    12,
    withEast({ services: [{ ...service, trafficDistribution: 'PreferClose' }] }),
    /trafficDistribution PreferClose/,
  ],
  [
    14,
    withWest({
      ztunnels: [
        ztunnel('west', {
          endpoints: new Map([[hostname, [{ clusterId: 'west' }, { clusterId: 'west-2' }]]]),
        }),
      ],
    }),
    /the gateway of west may forward to west-2/,
  ],
  [
    15,
    {
      ...healthy,
      paths: [
        {
          ...direct,
          hostname: 'server-east-n1.hopmeter.svc.cluster.local',
          hops: 4,
          server: { cluster: 'east', node: 1 },
        },
      ],
    },
    /direct share a node/,
  ],
  [
    16,
    { ...healthy, loads: [{ profile: 'closed', connections: [1, 101], requestBytes: 1, responseBytes: 1 }] },
    /101 connections/,
  ],
  [17, { ...healthy, longestRestMs: 301_000 }, /rests for 301 s/],
  [
    18,
    withWest({ policies: [{ name: 'only-app', pods: ['server-west-n1'], letsTunnelsIn: false }] }),
    /only-app of west does not let port 15008 in to server-west-n1/,
  ],
  [
    19,
    { ...withEast({ ztunnels: [ztunnel('east', { endpoints: new Map() })] }), istio: '1.30.3' },
    /knows no endpoint/,
  ],
  [20, withEast({ kubernetes: 'v1.35.0' }), /Kubernetes v1\.35\.0 on cgroup v1/],
  [22, { ...healthy, cores: 2 }, /2 cores for 2 clusters/],
  [22, withEast({ ztunnels: [ztunnel('east', { threads: 8 })] }), /8 and 2 threads/],
  [
    23,
    withEast({ ztunnels: [ztunnel('east', { startedAt: '2026-11-23T02:00:00Z' })] }),
    /client-east-n1 of east is older than its ztunnel/,
  ],
]

describe('pitfalls', () => {
  it('are those of the documentation, each in its own words', () => {
    const page = readFileSync(new URL('../../../../../docs/kubernetes-istio.md', import.meta.url), 'utf8')
    const rows = [...page.matchAll(/^\| (\d+) +\| .*\| (error|note) +\|/gm)]
    expect(pitfalls.map(({ id, severity }) => [String(id), severity])).toEqual(
      rows.map(([, id, severity]) => [id, severity]),
    )
    expect(rows.length).toBeGreaterThan(20)
    for (const texts of [
      pitfalls.map((p) => p.name),
      pitfalls.map((p) => p.why),
      pitfalls.map((p) => p.remedy),
    ]) {
      expect(new Set(texts).size).toBe(pitfalls.length)
    }
    expect(new Set(fallen.map(([id]) => id)).size).toBe(pitfalls.length)
  })

  it('are absent from a healthy mesh', () => {
    expect(findPitfalls(healthy).map(({ message }) => message)).toEqual([])
  })

  it('are not guessed from what is not known', () => {
    const bare = ({ name, podCidr, serviceCidr, network }: ClusterMeshFacts) => ({
      name,
      podCidr,
      serviceCidr,
      network,
    })
    const facts = { istio: '1.30.3', clusters: healthy.clusters.map(bare), paths: [path, direct] }
    expect(findPitfalls(facts)).toEqual([])
  })

  it.each(fallen)('number %i is found, and alone', (id, facts, message) => {
    const found = findPitfalls(facts)
    expect(found.map((f) => f.message).join('\n')).toMatch(message)
    const others = found.filter((f) => f.pitfall.id !== id).map((f) => `${f.pitfall.id}: ${f.message}`)
    expect(others).toEqual([])
  })

  it('keep quiet about a policy that another one makes up for', () => {
    const policy = { name: 'a', pods: ['server-west-n1'], letsTunnelsIn: false }
    const policies = [policy, { ...policy, name: 'b', letsTunnelsIn: true }]
    expect(findPitfalls(withWest({ policies }))).toEqual([])
    expect(findPitfalls(withWest({ policies: [{ ...policy, pods: [] }] }))).toEqual([])
  })

  it('keep quiet about a RETURN rule that stands before MASQUERADE', () => {
    const facts = { ...withEast({ masquerade: new Map([['east-worker', kept]]) }), paths: [direct] }
    expect(findPitfalls(facts)).toEqual([])
  })
})
