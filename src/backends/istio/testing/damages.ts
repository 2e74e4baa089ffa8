import type { FakeModel } from '../../kubernetes/testing/fake-model.ts'
import type { IstioContext } from '../context.ts'
import type { KubeObject, Standing } from './standing.ts'

interface Deployment {
  readonly template: {
    readonly spec: { readonly containers: readonly { readonly env: { name: string; value: string }[] }[] }
  }
}

type Damage = (testbed: Standing) => Partial<IstioContext> | void

/** The pitfall's number, what is said of it, and what falls into it. */
export type Cases = readonly (readonly [number, RegExp, Damage])[]

const service = 'Service/hopmeter/server-west-n1'
export const system = 'Namespace//istio-system'
const gateway = 'Service/istio-system/istio-eastwestgateway'

/** What somebody does to a mesh of two networks with a load balancer, and what is said of it then. */
export const twoNetworks: Cases = [
  [
    24,
    /cluster "west" has no ztunnel/,
    (testbed) =>
      testbed.change('west', ({ objects }) => void delete objects['DaemonSet/istio-system/ztunnel']),
  ],
  [
    25,
    /east and west have the same name for Istio: "east"/,
    (testbed) =>
      testbed.object('west', 'Deployment/istio-system/istiod', ({ spec }) => {
        const { template } = spec as unknown as Deployment
        template.spec.containers[0]!.env.find(({ name }) => name === 'CLUSTER_ID')!.value = 'east'
      }),
  ],
  [
    27,
    /the gateway of cluster "west" serves network "east"/,
    (testbed) =>
      testbed.object('west', 'Gateway/istio-system/istio-eastwestgateway', ({ metadata }) => {
        metadata.labels['topology.istio.io/network'] = 'east'
      }),
  ],
  [
    1,
    /pod CIDRs of east \(10\.10\.0\.0\/16\) and west/,
    (testbed) => {
      const { clusters } = testbed.parts()
      const [east, west] = [clusters[0]!, clusters[1]!]
      const same = testbed.cluster({ ...west.spec, podCidr: east.spec.podCidr })
      return { clusters: [east, same], gateways: [same] }
    },
  ],
  [
    4,
    /ztunnel on node 1 of east believes network "old", istiod says "east"/,
    (testbed) =>
      testbed.change('east', ({ ztunnels }) => {
        for (const ztunnel of Object.values(ztunnels ?? {})) ztunnel.network = 'old'
      }),
  ],
  [
    4,
    /cluster "west" is in network "", the scenario says "west"/,
    (testbed) => testbed.object('west', system, unlabelled),
  ],
  [
    5,
    /east has no GatewayClass istio-east-west/,
    (testbed) =>
      testbed.change('east', ({ objects }) => void delete objects['GatewayClass//istio-east-west']),
  ],
  [
    26,
    /istiod of east does not know west, which is "west" to Istio/,
    (testbed) =>
      testbed.change(
        'east',
        ({ objects }) => void delete objects['Secret/istio-system/istio-remote-secret-west'],
      ),
  ],
  [
    6,
    /east is to read west at https:\/\/127\.0\.0\.1:6443/,
    (testbed) =>
      testbed.object('east', 'Secret/istio-system/istio-remote-secret-west', ({ data }) => {
        const text = Buffer.from(data!['west']!, 'base64').toString()
        data!['west'] = Buffer.from(text.replace(/https:[^\n]*/, 'https://127.0.0.1:6443')).toString('base64')
      }),
  ],
  [
    7,
    /publishes its ClusterIP 127\.20\.255\.\d+: its load balancer is pending/,
    (testbed) => testbed.object('west', gateway, (object) => void (object.status = { loadBalancer: {} })),
  ],
  [
    7,
    /publishes 2 addresses/,
    (testbed) =>
      testbed.object('west', gateway, (object) => {
        object.status = { loadBalancer: { ingress: [{ ip: '172.30.0.9' }, { ip: '172.30.0.8' }] } }
      }),
  ],
  [
    8,
    /west has another root certificate than east/,
    (testbed) =>
      testbed.change('west', ({ ztunnels }) => {
        const pem = '-----BEGIN CERTIFICATE-----\nb3RoZXI=\n-----END CERTIFICATE-----\n'
        for (const ztunnel of Object.values(ztunnels ?? {}))
          ztunnel.root = Buffer.from(pem).toString('base64')
      }),
  ],
  [
    9,
    /server-west-n1\S* of east is not istio\.io\/global=true/,
    (testbed) =>
      testbed.object('east', service, ({ metadata }) => void delete metadata.labels['istio.io/global']),
  ],
  [
    9,
    /east has no service server-west-n1/,
    (testbed) => testbed.change('east', ({ objects }) => void delete objects[service]),
  ],
  [
    10,
    /client-east-n1 of east is not redirected/,
    (testbed) =>
      testbed.object('east', 'Pod/hopmeter/client-east-n1', ({ metadata }) => {
        delete metadata.annotations['ambient.istio.io/redirection']
      }),
  ],
  [
    10,
    /mesh namespace of east is not istio\.io\/dataplane-mode=ambient/,
    (testbed) =>
      testbed.object('east', 'Namespace//hopmeter', ({ metadata }) => {
        delete metadata.labels['istio.io/dataplane-mode']
      }),
  ],
  [
    11,
    /service server-west-n1 of east uses waypoint wp/,
    (testbed) =>
      testbed.object('east', service, ({ metadata }) => (metadata.labels['istio.io/use-waypoint'] = 'wp')),
  ],
  [12, /has an endpoint in east, too/, (testbed) => copyServer(testbed, 'west', 'east')],
  [
    12,
    /has trafficDistribution PreferClose/,
    (testbed) =>
      testbed.object('east', service, ({ spec }) => (spec!['trafficDistribution'] = 'PreferClose')),
  ],
  [
    16,
    /101 connections at once/,
    (testbed) => {
      const load = { profile: 'closed', connections: [101], requestBytes: 1, responseBytes: 1 } as const
      return { plan: { ...testbed.plan, scenario: { ...testbed.plan.scenario, loads: [load] } } }
    },
  ],
  [
    17,
    /a path rests for 600 s/,
    (testbed) => {
      const { scenario } = testbed.plan
      const rounds = { ...scenario.rounds, durationMs: 300_001 }
      return { plan: { ...testbed.plan, scenario: { ...scenario, rounds } } }
    },
  ],
  [
    18,
    /NetworkPolicy only-app of west does not let port 15008 in to server-west-n1/,
    (testbed) =>
      testbed.change('west', ({ objects }) => {
        objects['NetworkPolicy/hopmeter/only-app'] = {
          kind: 'NetworkPolicy',
          metadata: { name: 'only-app', namespace: 'hopmeter' },
          spec: { podSelector: {}, ingress: [{ ports: [{ port: 8080 }] }] },
        }
      }),
  ],
  [
    19,
    /ztunnel of east knows no endpoint of server-west-n1/,
    (testbed) => {
      testbed.change(
        'west',
        ({ objects }) => void delete objects['Gateway/istio-system/istio-eastwestgateway'],
      )
      return { istio: '1.30.3' }
    },
  ],
  [
    20,
    /east is to run Kubernetes v1\.35\.0 on cgroup v1/,
    (testbed) =>
      testbed.fake.model((model) => void Object.assign(model, { kubernetes: 'v1.35.0', cgroup: '1' })),
  ],
  [
    22,
    /ztunnels have 8 and 2 threads/,
    (testbed) =>
      testbed.change('east', (cluster) => Object.assign(cluster, { istiod: withThreads(cluster, 8) })),
  ],
  [
    23,
    /client-east-n1 of east is older than its ztunnel/,
    (testbed) =>
      testbed.change('east', ({ objects, ztunnels }) => {
        const [pod] = Object.keys(ztunnels ?? {})
        const { status } = objects[`Pod/istio-system/${pod}`] as KubeObject
        status!['startTime'] = new Date(Date.now() + 60_000).toISOString()
      }),
  ],
]

/** And to two clusters of one network. */
export const oneNetwork: Cases = [
  [
    2,
    /node hm-same-network-east-1-control-plane has no route to the pods of east-2 in 10\.20\.0\.0\/24, though the way back exists/,
    (testbed) => changeRoutes(testbed, 0, () => undefined),
  ],
  [
    2,
    /node hm-same-network-east-2-control-plane sends packets for the pods of east-1 in 10\.10\.0\.0\/24 to 172\.30\.0\.77 instead of/,
    (testbed) => changeRoutes(testbed, 1, (route) => ({ ...route, gateway: '172.30.0.77' })),
  ],
  [
    3,
    /node hm-same-network-east-1-control-plane rewrites the source of packets to east-2 \(10\.20\.0\.0\/16\)/,
    (testbed) =>
      testbed.fake.model(({ containers }) => {
        const { node } = containers['hm-same-network-east-1-control-plane']!
        node!.nat = node!.nat.filter((rule) => !rule.includes('10.20.0.0/16'))
      }),
  ],
  [
    15,
    /same-network share a node/,
    (testbed) => {
      const paths = testbed.plan.paths.map((one) => ({
        ...one,
        server: one.client,
        serverWorkload: one.clientWorkload,
      }))
      return { plan: { ...testbed.plan, paths } }
    },
  ],
]

function unlabelled({ metadata }: KubeObject): void {
  delete metadata.labels['topology.istio.io/network']
}

function withThreads(cluster: object, threads: number): object {
  return { ...(cluster as { istiod: object }).istiod, threads }
}

/** A second server of the same service, in another cluster. */
function copyServer(testbed: Standing, from: string, to: string): void {
  let pod: unknown
  testbed.change(from, ({ objects }) => {
    pod = objects['Pod/hopmeter/server-west-n1']
  })
  testbed.change(to, ({ objects }) => {
    const copy = structuredClone(pod) as KubeObject & { status: { podIP: string } }
    copy.status.podIP = '127.10.0.99'
    objects['Pod/hopmeter/server-west-n1'] = copy
  })
}

type Route = FakeModel['containers'][string]['node'] extends infer N
  ? NonNullable<N> extends { routes: (infer R)[] }
    ? R
    : never
  : never

/** Changes routes into other clusters on one node. */
function changeRoutes(testbed: Standing, index: number, change: (route: Route) => Route | undefined): void {
  testbed.fake.model(({ containers }) => {
    const { node } = Object.values(containers).filter((container) => container.node)[index]!
    node!.routes = node!.routes.flatMap((route) => (route.dst === 'default' ? route : (change(route) ?? [])))
  })
}
