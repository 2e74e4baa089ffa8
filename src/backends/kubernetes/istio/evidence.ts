import { setTimeout as sleep } from 'node:timers/promises'
import { HopmeterError } from '../../../errors.ts'
import type { Flow } from '../../../evidence/flow.ts'
import type { Component } from '../../../topology/model.ts'
import type { ComponentFlows } from '../../backend.ts'
import type { StepContext } from '../contract.ts'
import type { Found } from '../find-pods.ts'
import type { KindCluster } from '../layout.ts'
import type { FlowWatcher } from '../testbed.ts'
import { parseAccessLine } from '../../../evidence/ztunnel/access-log.ts'
import { parseForwardedHosts } from './envoy-clusters.ts'
import { addFlow, closedFlow, flowKey, gatewayFlows, openClients, ztunnelFlows } from './flows.ts'
import { gatewayPods, readGatewayService, gatewayNodePort } from './gateway-steps.ts'
import { askHaproxy, parseSessions } from './haproxy.ts'
import { haproxyHostPort } from './load-balancer.ts'
import { cursorTime, newLines, type LogCursor } from './log-cursor.ts'
import { hostOf, meshView, type GatewayView, type MeshView } from './mesh-view.ts'
import { isProxied, systemNamespace, type IstioParts } from './parts.ts'
import { readDump, ztunnelPods } from './read-mesh.ts'
import {
  openConnections,
  type OpenConnection,
  type ZtunnelDump,
} from '../../../evidence/ztunnel/ztunnel-dump.ts'
import { parseCountedBytes, type CountedBytes } from '../../../evidence/ztunnel/ztunnel-metrics.ts'

const attempts = 3
const pauseMs = 300
const haproxyTimeoutMs = 5000

/** One ztunnel and what was read of it so far. */
interface WatchedZtunnel {
  readonly cluster: KindCluster
  readonly node: number
  pod: string
  cursor: LogCursor
  readonly closed: Map<string, Flow>
}

interface WatchedGateway {
  readonly cluster: KindCluster
  readonly view: GatewayView
  readonly pods: readonly string[]
  /** Servers' HBONE addresses to which it was seen to forward; Envoy forgets those that rest. */
  readonly seen: Set<string>
}

interface WatchedProxy {
  readonly cluster: KindCluster
  readonly port: number
  readonly upstream: string
  /** Ids of all sessions that were seen, by address of who opened them. */
  readonly seen: Map<string, Set<string>>
  /** Number of sessions at the last reading. */
  open: ReadonlyMap<string, number>
}

/**
 * Watches every ztunnel, gateway and proxy of a mesh by asking them: nothing of it runs between two readings, so it
 * does not disturb what is measured.
 */
export class IstioWatcher implements FlowWatcher {
  readonly #parts: IstioParts
  readonly #view: MeshView
  readonly #gateways: readonly GatewayView[]
  #ztunnels: readonly WatchedZtunnel[] = []
  #watchedGateways: readonly WatchedGateway[] = []
  #proxies: readonly WatchedProxy[] = []
  readonly #stop = new AbortController()

  private constructor(parts: IstioParts, view: MeshView, gateways: readonly GatewayView[]) {
    this.#parts = parts
    this.#view = view
    this.#gateways = gateways
  }

  /** Finds what there is to watch and reads it once. @throws HopmeterError when something cannot be read. */
  static async start(
    parts: IstioParts,
    found: Found,
    gateways: readonly GatewayView[],
    context: StepContext,
  ): Promise<IstioWatcher> {
    const watcher = new IstioWatcher(parts, meshView(parts.plan, found, gateways), gateways)
    await watcher.#find(context)
    await watcher.flows()
    return watcher
  }

  /** What the components saw since the watch began. @throws HopmeterError when one cannot be read, after some tries. */
  async flows(): Promise<readonly ComponentFlows[]> {
    const context = { signal: this.#stop.signal, progress: () => {} }
    // Logs after connections: one that closes in between is then seen twice, which can be told, and not never.
    const dumps = await Promise.all(
      this.#ztunnels.map((z) =>
        trying(`ztunnel of ${z.cluster.name}`, context, () =>
          readDump(this.#parts, z.cluster, z.pod, context),
        ),
      ),
    )
    const bytes = await Promise.all(this.#ztunnels.map((z) => this.#readBytes(z, context)))
    const fresh = await Promise.all(this.#ztunnels.map((z) => this.#readLog(z, context)))
    await Promise.all(this.#watchedGateways.map((gateway) => this.#readGateway(gateway, context)))
    await Promise.all(this.#proxies.map((proxy) => this.#readProxy(proxy, context)))

    const states = this.#ztunnels.map(({ cluster, closed }, i) => ({
      cluster: cluster.name,
      closed: [...closed.values()],
      open: stillOpen(dumps[i], fresh[i]),
      bytes: bytes[i] ?? [],
    }))
    const publisher = new Map(this.#gateways.map(({ published, cluster }) => [published, cluster]))
    const clientsOf = openClients(states, (ip) => publisher.get(ip))
    const ztunnels = this.#ztunnels.map((z, i): ComponentFlows => {
      const component: Component = { kind: 'ztunnel', cluster: z.cluster.name, node: z.node }
      const state = states[i]
      const flows = state ? ztunnelFlows(this.#view, state, clientsOf) : []
      return { component, instance: `${z.cluster.name}/${z.pod}`, flows }
    })
    const inbound = ztunnels.flatMap(({ flows }) => flows)
    return [...ztunnels, ...this.#gatewayFlows(inbound), ...this.#proxyFlows()]
  }

  close(): void {
    this.#stop.abort()
  }

  async #find(context: StepContext): Promise<void> {
    const parts = this.#parts
    const ztunnels = await Promise.all(
      parts.clusters.map(async (cluster) => {
        const pods = await ztunnelPods(parts, cluster, context)
        return pods.map(({ pod, node }): WatchedZtunnel => {
          return {
            cluster,
            node,
            pod: pod.metadata.name,
            cursor: { lastLine: undefined },
            closed: new Map(),
          }
        })
      }),
    )
    this.#ztunnels = ztunnels.flat()
    // The log up to now is of no interest; its last line is where reading begins.
    await Promise.all(
      this.#ztunnels.map(async (z) => {
        const answer = await parts.tools.call(this.#logCommand(z, ['--tail', '1']), context)
        z.cursor = newLines({ lastLine: undefined }, answer).cursor
      }),
    )
    this.#watchedGateways = await Promise.all(
      parts.gateways.map(async (cluster, i) => {
        const pods = await gatewayPods(parts, cluster, context)
        const view = this.#gateways[i]
        if (!view) throw new RangeError(`gateway of ${cluster.name} was not read`)
        return { cluster, view, pods: pods.map(({ metadata }) => metadata.name), seen: new Set<string>() }
      }),
    )
    // A load balancer that the user has cannot be asked; its path then ends there, unproven.
    const isOurs = parts.session?.state.backend !== 'contexts'
    const proxied = parts.gateways.filter((cluster) => isOurs && isProxied(cluster))
    this.#proxies = await Promise.all(
      proxied.map(async (cluster) => {
        const port = await haproxyHostPort(parts, cluster, context)
        const service = await readGatewayService(parts, cluster, context)
        const node = await this.#gatewayNode(cluster, context)
        if (port === undefined) throw new HopmeterError(`the proxy in front of ${cluster.name} does not run`)
        return {
          cluster,
          port,
          upstream: `${node}:${gatewayNodePort(service)}`,
          seen: new Map<string, Set<string>>(),
          open: new Map<string, number>(),
        }
      }),
    )
  }

  async #gatewayNode(cluster: KindCluster, context: StepContext): Promise<string> {
    const [pod] = await gatewayPods(this.#parts, cluster, context)
    const { nodes } = await this.#parts.facts.of(cluster, context)
    return nodes.find(({ name }) => name === pod?.spec.nodeName)?.address ?? ''
  }

  #logCommand({ cluster, pod }: WatchedZtunnel, range: readonly string[]) {
    const of = ['--namespace', systemNamespace, 'logs', pod, '--timestamps', ...range]
    return this.#parts.tools.kubectl(cluster, of)
  }

  /** Adds what was closed since the last reading; returns who opened those connections. */
  async #readLog(z: WatchedZtunnel, context: StepContext): Promise<ReadonlySet<string>> {
    const since = cursorTime(z.cursor)
    const command = this.#logCommand(z, since === undefined ? [] : ['--since-time', since])
    const answer = await trying(`log of ${z.pod}`, context, () => this.#parts.tools.call(command, context))
    const { lines, cursor } = newLines(z.cursor, answer)
    z.cursor = cursor
    const closed = new Set<string>()
    for (const line of lines) {
      const reading = parseAccessLine(line)
      if (!reading) continue
      if (!reading.ok) throw new HopmeterError(`${z.pod} of ${z.cluster.name}: ${reading.cannotRead}`)
      closed.add(`${reading.value.direction} ${reading.value.source}`)
      const flow = closedFlow(this.#view, z.cluster.name, reading.value)
      const key = flowKey(flow)
      const sum = z.closed.get(key)
      z.closed.set(key, sum ? addFlow(sum, flow) : flow)
    }
    return closed
  }

  async #readBytes(z: WatchedZtunnel, context: StepContext): Promise<readonly CountedBytes[]> {
    const url = `/api/v1/namespaces/${systemNamespace}/pods/${z.pod}:15020/proxy/metrics`
    const command = this.#parts.tools.kubectl(z.cluster, ['get', '--raw', url])
    const answer = await trying(`metrics of ${z.pod}`, context, () =>
      this.#parts.tools.call(command, context),
    )
    const reading = parseCountedBytes(answer)
    if (!reading.ok) throw new HopmeterError(`${z.pod} of ${z.cluster.name}: ${reading.cannotRead}`)
    return reading.value
  }

  async #readGateway(gateway: WatchedGateway, context: StepContext): Promise<void> {
    const { cluster, pods, seen } = gateway
    await Promise.all(
      pods.map(async (pod) => {
        const get = ['pilot-agent', 'request', 'GET', 'clusters?format=json']
        const command = this.#parts.tools.kubectl(cluster, [
          '--namespace',
          systemNamespace,
          'exec',
          pod,
          '--',
          ...get,
        ])
        const answer = await trying(`gateway ${pod}`, context, () => this.#parts.tools.call(command, context))
        const reading = parseForwardedHosts(answer)
        if (!reading.ok) throw new HopmeterError(`${pod} of ${cluster.name}: ${reading.cannotRead}`)
        for (const { address, connections } of reading.value) if (connections > 0) seen.add(address)
      }),
    )
  }

  async #readProxy(proxy: WatchedProxy, context: StepContext): Promise<void> {
    const { cluster, port, seen } = proxy
    const ask = () => askHaproxy(port, 'show sess', haproxyTimeoutMs)
    const reading = parseSessions(await trying(`proxy of ${cluster.name}`, context, ask))
    if (!reading.ok) throw new HopmeterError(`proxy of ${cluster.name}: ${reading.cannotRead}`)
    const open = new Map<string, number>()
    for (const { id, source } of reading.value) {
      const host = hostOf(source)
      seen.set(host, (seen.get(host) ?? new Set()).add(id))
      open.set(host, (open.get(host) ?? 0) + 1)
    }
    proxy.open = open
  }

  #gatewayFlows(inbound: readonly Flow[]): readonly ComponentFlows[] {
    return this.#watchedGateways.map(({ cluster, pods, seen }) => ({
      component: { kind: 'east-west-gateway', cluster: cluster.name },
      instance: `${cluster.name}/${pods[0] ?? 'gateway'}`,
      flows: gatewayFlows(this.#view, cluster.name, inbound, (address) => seen.has(address)),
    }))
  }

  #proxyFlows(): readonly ComponentFlows[] {
    return this.#proxies.map(({ cluster, upstream, seen, open }) => ({
      component: { kind: 'load-balancer', cluster: cluster.name },
      instance: `${cluster.name}/haproxy`,
      flows: [...seen].map(([source, ids]): Flow => {
        const counts = { connections: ids.size, open: open.get(source) ?? 0 }
        return { direction: 'forward', protocol: 'TCP', source, upstream, ...counts }
      }),
    }))
  }
}

function stillOpen(
  dump: ZtunnelDump | undefined,
  closed: ReadonlySet<string> | undefined,
): readonly OpenConnection[] {
  return dump
    ? openConnections(dump).filter(({ direction, src }) => closed?.has(`${direction} ${src}`) !== true)
    : []
}

/** @throws HopmeterError when it fails every time. */
async function trying<T>(what: string, context: StepContext, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (cause) {
      context.signal.throwIfAborted()
      if (attempt < attempts) {
        // What hiccups now may answer a moment later.
        await sleep(pauseMs, undefined, { signal: context.signal })
        continue
      }
      throw new HopmeterError(`evidence of ${what} cannot be read`, {
        cause,
        hint: 'the path of this round cannot be proven without it; is the testbed still up?',
      })
    }
  }
}
