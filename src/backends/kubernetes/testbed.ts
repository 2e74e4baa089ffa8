import type { ServeMessage } from '../../agent/protocol.ts'
import type { EvidenceSnapshot, OwnedAddress } from '../../evidence/flow.ts'
import { start } from '../../process/exec.ts'
import { JsonLinesProcess } from '../../process/json-lines-process.ts'
import type {
  ClientPod,
  Command,
  ComponentCpu,
  CpuSource,
  Engine,
  Quiet,
  RestartContext,
  Testbed,
} from '../backend.ts'
import type { Plan, PlannedPath, Workload } from '../../plan/plan-scenario.ts'
import { namespaceOf, serverPort } from '../../plan/names.ts'
import type { PodCpu } from './cpu/pod-cpu.ts'
import type { FlowWatcher } from './mesh.ts'
import type { QuietClusters } from './quiet.ts'
import type { Toolbox } from './tools/toolbox.ts'
import { podsFor, serviceKey, type FoundPod, type PodInventory } from './workloads/pod-inventory.ts'
import { agentCommandLine } from './workloads/workload-manifests.ts'

type StatsMessage = Extract<ServeMessage, { type: 'stats' }>
type ListeningMessage = Extract<ServeMessage, { type: 'listening' }>

const attachTimeoutMs = 30_000
const statsTimeoutMs = 10_000
const endWithinMs = 2000

/** What belongs to pods as they run now; a restart makes all of it anew. */
export interface LiveParts extends PodInventory {
  /** Of ztunnels, gateways and load balancers; those of pods are added. */
  readonly addresses: readonly OwnedAddress[]
  readonly servers: readonly { readonly workload: string; readonly process: JsonLinesProcess }[]
  readonly watcher: FlowWatcher | undefined
  /** Absent where CPU times cannot be read. */
  readonly cpu: PodCpu | undefined
}

export interface TestbedParts {
  readonly live: LiveParts
  readonly tools: Toolbox
  readonly plan: Plan
  readonly engine: Engine
  readonly loadBalancer: string
  readonly facts: Readonly<Record<string, string>>
  readonly variants: Testbed['variants']
  /** What runs since the last restart, where that can be something else each time. */
  readonly startFacts: () => Testbed['startFacts']
  /** Absent where control planes go on while rounds run. */
  readonly quiet: QuietClusters | undefined
  /** Starts all programs anew, and finds what runs then. */
  readonly restart: (context: RestartContext) => Promise<LiveParts>
  readonly saveState: (folder: string, signal: AbortSignal) => Promise<void>
  readonly isKept: () => boolean
  readonly takeDown: () => Promise<void>
}

/** A testbed of Kubernetes clusters that is up. */
export class KubeTestbed implements Testbed {
  readonly engine: Engine
  readonly delayMethod = 'none'
  readonly loadBalancer: string
  readonly facts: Readonly<Record<string, string>>
  readonly variants: Testbed['variants']
  readonly #parts: TestbedParts
  #live: LiveParts

  constructor(parts: TestbedParts) {
    this.#parts = parts
    this.#live = parts.live
    this.engine = parts.engine
    this.loadBalancer = parts.loadBalancer
    this.facts = parts.facts
    this.variants = parts.variants
  }

  get startFacts(): Testbed['startFacts'] {
    return this.#parts.startFacts()
  }

  get isKept(): boolean {
    return this.#parts.isKept()
  }

  get quiet(): Quiet | undefined {
    return this.#parts.quiet
  }

  get addresses(): readonly OwnedAddress[] {
    const pods = [...this.#live.pods.values()].map(({ workload, ip }): OwnedAddress => {
      const kind = workload.role === 'server' ? 'server-pod' : 'client-pod'
      return { address: `${ip}:${serverPort}`, component: { kind, ...workload.placement } }
    })
    return [...pods, ...this.#live.addresses]
  }

  agentCommand(workload: Workload, mode: 'load'): Command {
    return execCommand(this.#parts.tools, this.#pod(workload), [...agentCommandLine, mode])
  }

  clientPods(workload: Workload): readonly ClientPod[] {
    return this.#pods(workload).map((pod) => ({
      name: pod.name,
      command: execCommand(this.#parts.tools, pod, [...agentCommandLine, 'load']),
      addresses: [pod.ip, pod.nodeAddress],
    }))
  }

  target(path: PlannedPath): { readonly host: string; readonly port: number } {
    if (path.mesh === 'none') return { host: this.podAddress(path.serverWorkload), port: serverPort }
    const host = this.#live.services.get(serviceKey(path.client.cluster, path.serverWorkload))
    if (host === undefined) throw new RangeError(`no service for "${path.name}" in ${path.client.cluster}`)
    return { host, port: serverPort }
  }

  podAddress(workload: Workload): string {
    return this.#pod(workload).ip
  }

  sourceAddresses(workload: Workload): readonly string[] {
    const { ip, nodeAddress } = this.#pod(workload)
    return [ip, nodeAddress]
  }

  get cpuSource(): CpuSource | undefined {
    return this.#live.cpu?.source
  }

  async cpuUsage(): Promise<readonly ComponentCpu[]> {
    return (await this.#live.cpu?.read()) ?? []
  }

  async evidence(): Promise<EvidenceSnapshot> {
    const { servers, watcher } = this.#live
    const [components, served] = await Promise.all([
      watcher?.flows() ?? [],
      Promise.all(
        servers.map(async ({ workload, process }) => {
          const options = { timeoutMs: statsTimeoutMs }
          const answer = await process.ask<StatsMessage>({ type: 'stats' }, 'stats', options)
          return { workload, byPath: answer.served }
        }),
      ),
    ])
    return { components, served }
  }

  /** @throws HopmeterError when something does not come back. */
  async restart(context: RestartContext): Promise<void> {
    await this.#parts.quiet?.release()
    await this.#parts.quiet?.settle(context.signal)
    await this.#letGo()
    this.#live = await this.#parts.restart(context)
  }

  async saveState(folder: string, signal: AbortSignal): Promise<void> {
    // A cluster that stands still says nothing.
    await this.#parts.quiet?.release().catch(() => {})
    await this.#parts.saveState(folder, signal)
  }

  async down(): Promise<void> {
    await this.#parts.quiet?.close()
    await this.#letGo()
    await this.#parts.takeDown()
  }

  /** Of everything that is about to be started anew or removed. */
  async #letGo(): Promise<void> {
    const { servers, watcher } = this.#live
    this.#live = { ...this.#live, servers: [], watcher: undefined, cpu: undefined }
    watcher?.close()
    await detachServers(servers)
  }

  #pod(workload: Workload): FoundPod {
    return this.#pods(workload)[0]!
  }

  #pods(workload: Workload): readonly FoundPod[] {
    const pods = podsFor(this.#live, workload)
    if (pods.length === 0) throw new RangeError(`workload "${workload.name}" has no pod in this testbed`)
    return pods
  }
}

/** Through the node where hopmeter made it: nothing of a round is to pass a control plane. */
function execCommand(
  tools: Toolbox,
  { name, workload, cluster, place }: FoundPod,
  program: readonly string[],
): Command {
  if (cluster.nodes && place) return cluster.nodes.execCommand(place, program)
  const of = ['--namespace', namespaceOf(workload), '--stdin', name]
  const command = cluster.kubectl(['exec', ...of, '--', ...program])
  // Also for those who run it without the toolbox: kubectl would keep its cache in the user's home.
  return { ...command, env: tools.env(command) }
}

/** Attaches to the echo servers, so that their counters can be read without starting anything. */
export async function attachServers(
  tools: Toolbox,
  pods: readonly FoundPod[],
  signal: AbortSignal,
): Promise<LiveParts['servers']> {
  const servers = pods.filter(({ workload }) => workload.role === 'server')
  const attached: LiveParts['servers'][number][] = []
  const results = await Promise.allSettled(
    servers.map(async (pod) => {
      const command = execCommand(tools, pod, [...agentCommandLine, 'attach'])
      const timeoutMs = tools.deadlineMs(attachTimeoutMs)
      const env = tools.env(command)
      const name = `echo server ${pod.workload.name}`
      const process = new JsonLinesProcess(name, start(command.file, command.args, { env }))
      attached.push({ workload: pod.workload.name, process })
      await process.next<ListeningMessage>('listening', { timeoutMs, signal })
    }),
  )
  const failure = results.find((result) => result.status === 'rejected')
  if (!failure) return attached
  await detachServers(attached)
  throw failure.reason
}

/** Ends what `attachServers` began; the servers go on. Never throws. */
export async function detachServers(servers: LiveParts['servers']): Promise<void> {
  await Promise.all(servers.map(({ process }) => process.end(endWithinMs)))
}
