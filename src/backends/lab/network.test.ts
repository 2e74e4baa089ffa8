import { describe, expect, it } from 'vitest'
import type { RouteMode } from '../../scenario/route-modes.ts'
import { withNetwork, type TestNetwork } from './testing/network.ts'
import { requires } from './testing/requires.ts'
import { between, cluster, path, planOf } from './testing/scenario.ts'

const neededBy = { static: [], vxlan: ['vxlan'], bgp: ['bird'] } as const
const appPort = 8080

/** East with two nodes, west routed both ways, north reachable one way only, south not at all. */
function fourClusters(routeMode: RouteMode) {
  const topology = {
    clusters: [
      cluster(1, 'east', { nodes: 2, network: 'flat' }),
      cluster(2, 'west', { nodes: 2, network: 'flat' }),
      cluster(3, 'north', { network: 'flat' }),
      cluster(4, 'south', { network: 'flat' }),
    ],
    routes: [...between('east', 'west'), { from: 'east', to: 'north' }],
  }
  const servers = ['east/1', 'east/2', 'west/1', 'west/2', 'north/1', 'south/1']
  const paths = [...servers, 'west/2 east/1', 'north/1 east/1'].map((text, i) => {
    const [server = '', client = ''] = text.split(' ').toReversed()
    return path(`p${i}`, client === '' ? 'east/1' : client, server, 'none')
  })
  return planOf(topology, paths, { routeMode })
}

async function serveEverywhere(network: TestNetwork, workloads: readonly string[]): Promise<void> {
  await Promise.all(workloads.map((name) => network.serve(name, network.ip(name), appPort)))
}

describe.each(['static', 'vxlan', 'bgp'] as const)('routes between clusters (%s)', (routeMode) => {
  it('reach exactly what is routed, with pod addresses kept', { timeout: 120_000 }, async (context) => {
    await requires(context, ...neededBy[routeMode])
    const plan = fourClusters(routeMode)
    const names = (role: string) => plan.workloads.filter((w) => w.role === role).map(({ name }) => name)
    await withNetwork(plan, async (network) => {
      await serveEverywhere(network, names('server'))
      const results = await Promise.all(
        names('client').map(async (client) => {
          const servers = names('server')
          const answers = await network.dial(
            client,
            ...servers.map((name) => `${network.ip(name)}:${appPort}`),
          )
          return answers.map(({ peer, error }, i) => [client, servers[i], peer ?? error] as const)
        }),
      )
      const eastClient = network.ip('client-east-n1-plain')
      const westClient = network.ip('client-west-n2-plain')
      const seen = Object.fromEntries(results.flat().map(([from, to, what]) => [`${from} > ${to}`, what]))
      expect(seen).toEqual({
        'client-east-n1-plain > server-east-n1-plain': eastClient,
        'client-east-n1-plain > server-east-n2-plain': eastClient,
        'client-east-n1-plain > server-west-n1-plain': eastClient,
        'client-east-n1-plain > server-west-n2-plain': eastClient,
        // Packets arrive, answers have no way back.
        'client-east-n1-plain > server-north-n1-plain': 'TIMEOUT',
        'client-east-n1-plain > server-south-n1-plain': 'ENETUNREACH',
        'client-west-n2-plain > server-east-n1-plain': westClient,
        'client-west-n2-plain > server-east-n2-plain': westClient,
        'client-west-n2-plain > server-west-n1-plain': westClient,
        'client-west-n2-plain > server-west-n2-plain': westClient,
        'client-west-n2-plain > server-north-n1-plain': 'ENETUNREACH',
        'client-west-n2-plain > server-south-n1-plain': 'ENETUNREACH',
        'client-north-n1-plain > server-east-n1-plain': 'ENETUNREACH',
        'client-north-n1-plain > server-east-n2-plain': 'ENETUNREACH',
        'client-north-n1-plain > server-west-n1-plain': 'ENETUNREACH',
        'client-north-n1-plain > server-west-n2-plain': 'ENETUNREACH',
        'client-north-n1-plain > server-north-n1-plain': network.ip('client-north-n1-plain'),
        'client-north-n1-plain > server-south-n1-plain': 'ENETUNREACH',
      })
    })
  })
})

describe('gateways', { timeout: 120_000 }, () => {
  const plan = planOf(
    {
      clusters: [
        cluster(1, 'east', { nodes: 2 }),
        cluster(2, 'bare', { gateway: { loadBalancer: 'none' } }),
        cluster(3, 'announced', { gateway: { loadBalancer: 'l2' } }),
        cluster(4, 'proxied', { gateway: { loadBalancer: 'proxy' } }),
      ],
      routes: [],
    },
    [
      path('to-bare', 'east/2', 'bare', 'ambient'),
      path('to-announced', 'east/2', 'announced', 'ambient'),
      path('to-proxied', 'east/2', 'proxied', 'ambient'),
      path('beside-the-gateway', 'bare', 'proxied', 'ambient'),
    ],
  )

  it('are reached at their published address, by way of the client node', async (context) => {
    await requires(context)
    await withNetwork(plan, async ({ layout, serve, dial }) => {
      for (const { pod } of layout.gateways) await serve(pod.netns, pod.ip, 15_008)
      const [bare, announced, proxied] = layout.gateways
      expect([bare?.published, announced?.published, proxied?.published]).toEqual([
        '198.18.2.1',
        '198.18.3.100',
        '198.18.4.200',
      ])
      // Where a load balancer proxies, its program would listen; the gateway itself is behind the node.
      await serve(proxied?.loadBalancerNetns ?? '', proxied?.published ?? '', 15_008)
      const answers = await dial(
        'client-east-n2',
        '198.18.2.1:15008',
        '198.18.3.100:15008',
        '198.18.4.200:15008',
      )
      const node = '198.18.1.2'
      expect(answers.map(({ peer, local }) => ({ peer, local }))).toEqual([
        { peer: node, local: bare?.pod.ip },
        { peer: node, local: announced?.pod.ip },
        { peer: node, local: proxied?.published },
      ])
      const behind = await dial(proxied?.loadBalancerNetns ?? '', `${proxied?.nodeAddress}:15008`)
      expect(behind[0]).toMatchObject({ peer: proxied?.published, local: proxied?.pod.ip })
    })
  })

  it('can be reached from a pod of their own node', async (context) => {
    await requires(context)
    await withNetwork(plan, async ({ layout, serve, dial }) => {
      const pod = layout.gateways[0]?.pod
      await serve(pod?.netns ?? '', pod?.ip ?? '', 15_008)
      const [answer] = await dial('client-bare-n1', '198.18.2.1:15008')
      expect(answer).toMatchObject({ local: pod?.ip })
    })
  })
})

describe('capture', { timeout: 120_000 }, () => {
  it('turns connections to services around in the kernel, and nothing else', async (context) => {
    await requires(context)
    const plan = planOf({ clusters: [cluster(1, 'east', { nodes: 2 })], routes: [] }, [
      path('same-node', 'east/1', 'east/1', 'ambient'),
      path('other-node', 'east/1', 'east/2', 'ambient'),
    ])
    await withNetwork(plan, async ({ mesh, layout, serve, dial, ip }) => {
      const client = 'client-east-n1'
      const [capture] = mesh.captures
      const ports = capture?.services.map(({ capturePort }) => capturePort) ?? []
      const vips = capture?.services.map(({ vip, port }) => `${vip}:${port}`) ?? []
      await serve(client, '127.0.0.1', ...ports)
      await serve(client, ip(client), 15_008)
      for (const server of ['server-east-n1', 'server-east-n2'])
        await serve(server, ip(server), appPort, 15_008)
      const dialled = [
        ...vips,
        `${ip('server-east-n1')}:15008`,
        `${ip('server-east-n2')}:15008`,
        `${ip('server-east-n1')}:8080`,
        // A service address on another port is nobody's.
        `${vips[0]?.split(':')[0]}:81`,
      ]
      const answers = await dial(client, ...dialled)
      expect(answers.map(({ local, port, error }) => error ?? `${local}:${port}`)).toEqual([
        '127.0.0.1:15400',
        '127.0.0.1:15401',
        // On the same node one ztunnel plays both roles, so its HBONE connection comes back to it.
        `${ip(client)}:15008`,
        `${ip('server-east-n2')}:15008`,
        `${ip('server-east-n1')}:8080`,
        'ENETUNREACH',
      ])
      expect(layout.nodes).toHaveLength(2)
    })
  })
})
