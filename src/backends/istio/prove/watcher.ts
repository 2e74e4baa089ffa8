import { HopmeterError } from '../../../errors.ts'
import { flowKey, type ComponentFlows, type Flow } from '../../../evidence/flow.ts'
import type { Component } from '../../../topology/model.ts'
import { askAgain } from '../../kubernetes/ask-again.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { ProxyWatch } from '../../kubernetes/load-balancer.ts'
import type { FlowWatcher } from '../../kubernetes/mesh.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { PodInventory } from '../../kubernetes/workloads/pod-inventory.ts'
import type { Command } from '../../backend.ts'
import type { LogRange } from '../../kubernetes/cluster/node-shell.ts'
import type { IstioContext } from '../context.ts'
import { gatewayQuestion, ztunnelQuestions, type ZtunnelQuestions } from '../read/questions.ts'
import { parseAccessLine } from '../../../evidence/ztunnel/access-log.ts'
import { parseForwardedHosts } from '../read/envoy-clusters.ts'
import { cursorTime, newLines, type LogCursor } from '../read/log-cursor.ts'
import { gatewayPods } from '../read/read-gateway.ts'
import { readDump, ztunnelPods, type GatewayView } from '../read/read-mesh.ts'
import {
  openConnections,
  type OpenConnection,
  type ZtunnelDump,
} from '../../../evidence/ztunnel/ztunnel-dump.ts'
import { parseCountedBytes, type CountedBytes } from '../../../evidence/ztunnel/ztunnel-metrics.ts'
import { addFlow, closedFlow, gatewayFlows, openClients, ztunnelFlows } from './flows.ts'
import { meshView, type MeshView } from './mesh-view.ts'

/** One ztunnel and what was read of it so far. */
interface WatchedZtunnel {
  readonly cluster: Cluster
  readonly node: number
  readonly pod: string
  readonly ask: ZtunnelQuestions
  cursor: LogCursor
  readonly closed: Map<string, Flow>
}

interface WatchedGateway {
  readonly cluster: Cluster
  readonly view: GatewayView
  readonly pods: readonly { readonly name: string; readonly clusters: Command }[]
  /** Servers' HBONE addresses to which it was seen to forward; Envoy forgets those that rest. */
  readonly seen: Set<string>
}

/**
 * Watches every ztunnel, gateway and proxy of a mesh by asking them: nothing of it runs between two readings, so it
 * does not disturb what is measured.
 */
export class IstioWatcher implements FlowWatcher {
  readonly #istio: IstioContext
  readonly #view: MeshView
  readonly #gateways: readonly GatewayView[]
  #ztunnels: readonly WatchedZtunnel[] = []
  #watchedGateways: readonly WatchedGateway[] = []
  #proxies: readonly ProxyWatch[] = []
  readonly #stop = new AbortController()

  private constructor(istio: IstioContext, view: MeshView, gateways: readonly GatewayView[]) {
    this.#istio = istio
    this.#view = view
    this.#gateways = gateways
  }

  /** Finds what there is to watch and reads it once. @throws HopmeterError when something cannot be read. */
  static async start(
    istio: IstioContext,
    found: PodInventory,
    gateways: readonly GatewayView[],
    context: StepContext,
  ): Promise<IstioWatcher> {
    const watcher = new IstioWatcher(istio, meshView(istio.plan, found, gateways), gateways)
    await watcher.#find(context)
    await watcher.flows()
    return watcher
  }

  /** What the components saw since the watch began. @throws HopmeterError when one cannot be read, after some tries. */
  async flows(): Promise<readonly ComponentFlows[]> {
    const { signal } = this.#stop
    // Logs after connections: one that closes in between is then seen twice, which can be told, and not never.
    const dumps = await Promise.all(
      this.#ztunnels.map((z) =>
        askAgain(`ztunnel of ${z.cluster.name}`, signal, () =>
          readDump(this.#istio, z.cluster, z.pod, z.ask.dump, { signal }),
        ),
      ),
    )
    const bytes = await Promise.all(this.#ztunnels.map((z) => this.#readBytes(z, signal)))
    const fresh = await Promise.all(this.#ztunnels.map((z) => this.#readLog(z, signal)))
    await Promise.all(this.#watchedGateways.map((gateway) => this.#readGateway(gateway, signal)))
    const proxies = await Promise.all(this.#proxies.map((proxy) => proxy.read(signal)))

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
    return [...ztunnels, ...this.#gatewayFlows(inbound), ...proxies]
  }

  close(): void {
    this.#stop.abort()
  }

  async #find(context: StepContext): Promise<void> {
    const { clusters, gateways, loadBalancers } = this.#istio
    const ztunnels = await Promise.all(
      clusters.map(async (cluster) => {
        const pods = await ztunnelPods(cluster, context)
        return Promise.all(
          pods.map(async ({ pod, node }): Promise<WatchedZtunnel> => {
            const { name } = pod.metadata
            const ask = await ztunnelQuestions(cluster, pod, context)
            return { cluster, node, pod: name, ask, cursor: { lastLine: undefined }, closed: new Map() }
          }),
        )
      }),
    )
    this.#ztunnels = ztunnels.flat()
    // The log up to now is of no interest; its last line is where reading begins.
    await Promise.all(
      this.#ztunnels.map(async (z) => {
        const answer = await readLog(z, { lines: 1 }, context)
        z.cursor = newLines({ lastLine: undefined }, answer).cursor
      }),
    )
    this.#watchedGateways = await Promise.all(
      gateways.map(async (cluster, i) => {
        const pods = await gatewayPods(cluster, context)
        const view = this.#gateways[i]
        if (!view) throw new RangeError(`gateway of ${cluster.name} was not read`)
        const asked = await Promise.all(
          pods.map(async (pod) => ({
            name: pod.metadata.name,
            clusters: await gatewayQuestion(cluster, pod, context),
          })),
        )
        return { cluster, view, pods: asked, seen: new Set<string>() }
      }),
    )
    // A load balancer that the user has cannot be asked; its path then ends there, unproven.
    this.#proxies = await Promise.all(
      [...loadBalancers.values()].flatMap((loadBalancer) => loadBalancer.watch?.(context) ?? []),
    )
  }

  /** Adds what was closed since the last reading; returns who opened those connections. */
  async #readLog(z: WatchedZtunnel, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const range = { since: cursorTime(z.cursor) }
    const answer = await askAgain(`log of ${z.pod}`, signal, () => readLog(z, range, { signal }))
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

  async #readBytes(z: WatchedZtunnel, signal: AbortSignal): Promise<readonly CountedBytes[]> {
    const ask = () => z.cluster.call(z.ask.metrics, { signal })
    const answer = await askAgain(`metrics of ${z.pod}`, signal, ask)
    const reading = parseCountedBytes(answer)
    if (!reading.ok) throw new HopmeterError(`${z.pod} of ${z.cluster.name}: ${reading.cannotRead}`)
    return reading.value
  }

  async #readGateway(gateway: WatchedGateway, signal: AbortSignal): Promise<void> {
    const { cluster, pods, seen } = gateway
    await Promise.all(
      pods.map(async ({ name, clusters }) => {
        const ask = () => cluster.call(clusters, { signal })
        const answer = await askAgain(`gateway ${name}`, signal, ask)
        const reading = parseForwardedHosts(answer)
        if (!reading.ok) throw new HopmeterError(`${name} of ${cluster.name}: ${reading.cannotRead}`)
        for (const { address, connections } of reading.value) if (connections > 0) seen.add(address)
      }),
    )
  }

  #gatewayFlows(inbound: readonly Flow[]): readonly ComponentFlows[] {
    return this.#watchedGateways.map(({ cluster, pods, seen }) => ({
      component: { kind: 'east-west-gateway', cluster: cluster.name },
      instance: `${cluster.name}/${pods[0]?.name ?? 'gateway'}`,
      flows: gatewayFlows(this.#view, cluster.name, inbound, (address) => seen.has(address)),
    }))
  }
}

function readLog(
  { cluster, ask }: WatchedZtunnel,
  range: LogRange,
  context: Pick<StepContext, 'signal'>,
): Promise<string> {
  return cluster.call(ask.log(range), context)
}

function stillOpen(
  dump: ZtunnelDump | undefined,
  closed: ReadonlySet<string> | undefined,
): readonly OpenConnection[] {
  return dump
    ? openConnections(dump).filter(({ direction, src }) => closed?.has(`${direction} ${src}`) !== true)
    : []
}
