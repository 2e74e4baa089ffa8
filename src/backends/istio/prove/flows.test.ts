import { describe, expect, it } from 'vitest'
import type { Flow, ComponentFlows, EvidenceSnapshot } from '../../../evidence/flow.ts'
import { judgePath } from '../../../evidence/judge.ts'
import { evidenceWindow } from '../../../evidence/window.ts'
import { loadScenario } from '../../../scenario/load.ts'
import { Cluster } from '../../kubernetes/cluster/cluster.ts'
import { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { serviceKey, type FoundPod, type PodInventory } from '../../kubernetes/workloads/pod-inventory.ts'
import { planScenario, type PlannedPath } from '../../../plan/plan-scenario.ts'
import { serverPort } from '../../../plan/names.ts'
import { spiffeId } from '../../../plan/spiffe.ts'
import type { AccessLine } from '../../../evidence/ztunnel/access-log.ts'
import type { GatewayView } from '../read/read-mesh.ts'
import type { OpenConnection } from '../../../evidence/ztunnel/ztunnel-dump.ts'
import { closedFlow, gatewayFlows, openClients, ztunnelFlows, type ZtunnelState } from './flows.ts'
import { meshAddresses, meshView } from './mesh-view.ts'

const { scenario } = await loadScenario('mixed')
const plan = planScenario(scenario)
const clusters = scenario.topology.clusters.map(({ name }) => name)
const tools = new Toolbox({ noKubeconfig: 'none' })
const number = (cluster: string) => clusters.indexOf(cluster) + 1

const found: PodInventory = {
  pods: new Map(
    plan.workloads.map((workload, i): readonly [string, FoundPod] => {
      const { cluster, node } = workload.placement
      const address = { name: cluster, kubeconfig: `${cluster}.kubeconfig`, context: `kind-${cluster}` }
      const kube = new Cluster(tools, address, scenario.topology.clusters[number(cluster) - 1]!)
      const ip = `10.${number(cluster)}0.${node - 1}.${20 + i}`
      const nodeAddress = `172.18.0.${number(cluster)}`
      const { name } = workload
      return [name, { name, index: 0, workload, cluster: kube, ip, nodeAddress, image: '' }]
    }),
  ),
  services: new Map(
    plan.workloads
      .filter(({ role }) => role === 'server')
      .flatMap((server, i) =>
        clusters.map((cluster) => [serviceKey(cluster, server), `10.1${number(cluster)}0.0.${i + 1}`]),
      ),
  ),
}
const entered = new Set(
  plan.paths.flatMap(({ rule }) =>
    rule.possible ? rule.components.filter((c) => c.kind === 'east-west-gateway').map((c) => c.cluster) : [],
  ),
)
const gateways: readonly GatewayView[] = [...entered].map((cluster) => ({
  cluster,
  proxied: scenario.topology.clusters.find((c) => c.name === cluster)?.gateway?.loadBalancer === 'proxy',
  published: `172.18.0.${100 + number(cluster)}`,
  podIps: [`10.${number(cluster)}0.0.99`],
  entrances: [`172.18.0.${number(cluster)}:31000`],
}))
const view = meshView(plan, found, gateways)
const meshed = plan.paths.filter(({ mesh, rule }) => mesh === 'ambient' && rule.possible)

interface Way {
  readonly outbound: OpenConnection
  readonly inbound: OpenConnection
  readonly outboundLine: AccessLine
  readonly inboundLine: AccessLine
}

/** What both ztunnels say of one connection on a path; `vipOf`: whose address of the service the client dialled. */
function wayOf(path: PlannedPath, port: number, vipOf = path.client.cluster): Way {
  const client = found.pods.get(path.clientWorkload.name)!
  const server = found.pods.get(path.serverWorkload.name)!
  const hostname = `${path.serverWorkload.name}.hopmeter.svc.cluster.local`
  const gateway = gateways.find(
    ({ cluster }) =>
      path.rule.possible &&
      path.rule.components.some((c) => c.kind === 'east-west-gateway' && c.cluster === cluster),
  )
  const vip = found.services.get(serviceKey(vipOf, path.serverWorkload))!
  const dialled = gateway ? `${gateway.published}:15008` : `${server.ip}:15008`
  const source = `${client.ip}:${port}`
  const arrival = gateway ? `${gateway.podIps[0]}:${port + 1}` : `${client.ip}:${port + 1}`
  const authority = gateway ? `${hostname}:${serverPort}` : `${server.ip}:${serverPort}`
  const of = (name: string) => ({ pod: name, namespace: 'hopmeter', serviceAccount: name })
  const identity = spiffeId('hopmeter', path.clientWorkload.name)
  const line = {
    sourceIdentity: identity,
    hboneAddress: authority,
    service: hostname,
    bytesUp: 1,
    bytesDown: 1,
    failed: false,
  }
  return {
    outbound: {
      direction: 'outbound',
      ...of(path.clientWorkload.name),
      src: source,
      originalDst: `${vip}:${serverPort}`,
      actualDst: dialled,
      protocol: gateway ? 'DOUBLEHBONE' : 'HBONE',
    },
    inbound: {
      direction: 'inbound',
      ...of(path.serverWorkload.name),
      src: arrival,
      originalDst: hostname,
      actualDst: `${server.ip}:${serverPort}`,
      protocol: 'HBONE',
    },
    outboundLine: { direction: 'outbound', source, destination: dialled, ...line },
    inboundLine: { direction: 'inbound', source: arrival, destination: `${server.ip}:15008`, ...line },
  }
}

/** A reading of all components after these connections; `open` ones are in the dumps, others in the logs. */
function reading(ways: readonly (readonly [PlannedPath, Way, boolean])[], bytes: number): EvidenceSnapshot {
  const at = (cluster: string, node: number): ZtunnelState => {
    const here = (p: { readonly cluster: string; readonly node: number }) =>
      p.cluster === cluster && p.node === node
    const counted = (path: PlannedPath, reporter: 'source' | 'destination') => ({
      reporter,
      sourceIdentity: spiffeId('hopmeter', path.clientWorkload.name),
      service: `${path.serverWorkload.name}.hopmeter.svc.cluster.local`,
      destinationIdentity: spiffeId('hopmeter', path.serverWorkload.name),
      bytesUp: bytes,
      bytesDown: bytes,
    })
    const clientSide = ways.filter(([path]) => here(path.client))
    const serverSide = ways.filter(([path]) => here(path.server))
    return {
      cluster,
      open: [
        ...clientSide.filter(([, , open]) => open).map(([, way]) => way.outbound),
        ...serverSide.filter(([, , open]) => open).map(([, way]) => way.inbound),
      ],
      closed: [
        ...clientSide
          .filter(([, , open]) => !open)
          .map(([, way]) => closedFlow(view, cluster, way.outboundLine)),
        ...serverSide
          .filter(([, , open]) => !open)
          .map(([, way]) => closedFlow(view, cluster, way.inboundLine)),
      ],
      bytes: [
        ...clientSide.map(([path]) => counted(path, 'source')),
        ...serverSide.map(([path]) => counted(path, 'destination')),
      ],
    }
  }
  const nodes = scenario.topology.clusters.flatMap(({ name, nodes: count }) =>
    Array.from({ length: count }, (_, i) => ({ cluster: name, node: i + 1 })),
  )
  const states = nodes.map(({ cluster, node }) => at(cluster, node))
  const clientsOf = openClients(states, (ip) => gateways.find(({ published }) => published === ip)?.cluster)
  const ztunnels = nodes.map(({ cluster, node }, i): ComponentFlows => {
    return {
      component: { kind: 'ztunnel', cluster, node },
      instance: `${cluster}/${node}`,
      flows: ztunnelFlows(view, states[i]!, clientsOf),
    }
  })
  const inbound = ztunnels.flatMap(({ flows }) => flows)
  const forwarding = gateways.map(({ cluster }): ComponentFlows => {
    return {
      component: { kind: 'east-west-gateway', cluster },
      instance: cluster,
      flows: gatewayFlows(view, cluster, inbound, () => true),
    }
  })
  const proxies = gateways
    .filter(({ proxied }) => proxied)
    .map(({ cluster, entrances }): ComponentFlows => {
      const flows = plan.workloads
        .filter(({ role }) => role === 'client')
        .map((client): Flow => {
          const source = found.pods.get(client.name)!.nodeAddress
          return {
            direction: 'forward',
            protocol: 'TCP',
            source,
            upstream: entrances[0]!,
            connections: 1,
            open: 1,
          }
        })
      return { component: { kind: 'load-balancer', cluster }, instance: `${cluster}/lb`, flows }
    })
  return { components: [...ztunnels, ...forwarding, ...proxies], served: [] }
}

function judge(path: PlannedPath, before: EvidenceSnapshot, after: EvidenceSnapshot) {
  if (!path.rule.possible) throw new Error('no path')
  const client = found.pods.get(path.clientWorkload.name)!
  const server = found.pods.get(path.serverWorkload.name)!
  const pods = [...found.pods.values()].map(({ ip, workload }) => {
    const kind = workload.role === 'server' ? ('server-pod' as const) : ('client-pod' as const)
    return [`${ip}:${serverPort}`, { kind, ...workload.placement }] as const
  })
  const owners = new Map([
    ...pods,
    ...meshAddresses(found, gateways).map((a) => [a.address, a.component] as const),
  ])
  return judgePath(
    {
      path: path.name,
      rule: path.rule,
      subject: {
        client: { kind: 'client-pod', ...path.client },
        server: { kind: 'server-pod', ...path.server },
        target: `${found.services.get(serviceKey(path.client.cluster, path.serverWorkload))}:${serverPort}`,
        serverAddress: `${server.ip}:${serverPort}`,
        clientAddresses: [client.ip, client.nodeAddress],
        clientIdentitySuffix: `/sa/${path.clientWorkload.name}`,
        owners,
      },
      serverPod: path.serverWorkload.name,
      answeredBy: [{ cluster: path.server.cluster, pod: path.serverWorkload.name, count: 10 }],
      bytesSent: 1000,
    },
    evidenceWindow(before, after),
  )
}

const nothing = reading([], 0)

describe('what Istio tells, judged by the code that judges the lab', () => {
  it('has both kinds of paths in the scenario used here', () => {
    const protocols = new Set(meshed.map(({ rule }) => rule.possible && rule.protocol))
    expect(protocols).toEqual(new Set(['HBONE', 'DOUBLEHBONE']))
  })

  it.each(meshed.map((path) => [path.name, path] as const))(
    'proves %s by a connection that is open',
    (_name, path) => {
      const evidence = judge(path, nothing, reading([[path, wayOf(path, 40000), true]], 5000))
      expect([evidence.verdict, evidence.reasons]).toEqual(['proven', []])
    },
  )

  it.each(meshed.map((path) => [path.name, path] as const))(
    'proves %s by the logs of closed connections',
    (_name, path) => {
      const evidence = judge(path, nothing, reading([[path, wayOf(path, 40000), false]], 5000))
      expect([evidence.verdict, evidence.reasons]).toEqual(['proven', []])
    },
  )

  it('proves all paths side by side, as direct paths do not get the blame for what gateways carry', () => {
    for (const open of [true, false]) {
      const after = reading(
        meshed.map((path, i) => [path, wayOf(path, 40000 + 10 * i), open]),
        5000,
      )
      for (const path of meshed)
        expect([path.name, judge(path, nothing, after).reasons]).toEqual([path.name, []])
    }
  })

  it('takes the address of another cluster’s copy of the service for the same target', () => {
    for (const path of meshed) {
      const way = wayOf(path, 40000, path.server.cluster)
      expect(judge(path, nothing, reading([[path, way, true]], 5000)).verdict).toBe('proven')
    }
  })

  it('does not prove a path by a connection that carried nothing in the window', () => {
    const [path] = meshed
    const idle = reading([[path!, wayOf(path!, 40000), true]], 5000)
    expect(judge(path!, idle, idle).verdict).not.toBe('proven')
  })

  it('sees when only a part of the bytes went that way', () => {
    const [path] = meshed
    const evidence = judge(path!, nothing, reading([[path!, wayOf(path!, 40000), true]], 400))
    expect(evidence.verdict).toBe('mismatch')
    expect(evidence.reasons.join()).toContain('carried 400 bytes of the 1000')
  })

  it('sees a direct path that goes through a gateway', () => {
    const direct = meshed.find(
      ({ rule, client, server }) =>
        rule.possible && rule.protocol === 'HBONE' && client.cluster !== server.cluster,
    )!
    const through = meshed.find(({ rule }) => rule.possible && rule.protocol === 'DOUBLEHBONE')!
    const gateway = gateways[0]!
    const way = wayOf(direct, 40000)
    const detour: Way = {
      ...way,
      outbound: { ...way.outbound, actualDst: `${gateway.published}:15008`, protocol: 'DOUBLEHBONE' },
      inbound: { ...way.inbound, src: `${gateway.podIps[0]}:40001` },
    }
    expect(through.name).not.toBe(direct.name)
    expect(judge(direct, nothing, reading([[direct, detour, true]], 5000)).verdict).toBe('mismatch')
  })

  it('needs the gateway’s own counters, too', () => {
    const path = meshed.find(({ rule }) => rule.possible && rule.protocol === 'DOUBLEHBONE')!
    const after = reading([[path, wayOf(path, 40000), true]], 5000)
    const withoutGateway = {
      ...after,
      components: after.components.map((c) =>
        c.component.kind === 'east-west-gateway' ? { ...c, flows: [] } : c,
      ),
    }
    expect(judge(path, nothing, withoutGateway).verdict).toBe('unproven')
  })
})
