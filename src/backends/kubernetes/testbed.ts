import type { ServeMessage } from '../../agent/protocol.ts'
import type { EvidenceSnapshot, OwnedAddress } from '../../evidence/flow.ts'
import { start } from '../../process/exec.ts'
import { JsonLinesProcess } from '../../process/json-lines-process.ts'
import type { ClientPod, Command, ComponentCpu, CpuSource, Engine, Testbed } from '../backend.ts'
import type { Plan, PlannedPath, Workload } from '../../plan/plan-scenario.ts'
import { namespaceOf, serverPort } from '../../plan/names.ts'
import type { PodCpu } from './cpu/pod-cpu.ts'
import type { FlowWatcher } from './mesh.ts'
import type { Toolbox } from './tools/toolbox.ts'
import { podsFor, serviceKey, type FoundPod, type PodInventory } from './workloads/pod-inventory.ts'
import { agentCommandLine } from './workloads/workload-manifests.ts'

type StatsMessage = Extract<ServeMessage, { type: 'stats' }>
type ListeningMessage = Extract<ServeMessage, { type: 'listening' }>

const attachTimeoutMs = 30_000
const statsTimeoutMs = 10_000
const endWithinMs = 2000

export interface TestbedParts extends Pick<PodInventory, 'pods' | 'services'> {
  readonly tools: Toolbox
  readonly plan: Plan
  readonly engine: Engine
  readonly loadBalancer: string
  readonly facts: Readonly<Record<string, string>>
  /** Of ztunnels, gateways and load balancers; those of pods are added. */
  readonly addresses: readonly OwnedAddress[]
  readonly servers: readonly { readonly workload: string; readonly process: JsonLinesProcess }[]
  readonly watcher: FlowWatcher | undefined
  /** Absent where CPU times cannot be read. */
  readonly cpu: PodCpu | undefined
  readonly saveState: (folder: string, signal: AbortSignal) => Promise<void>
  readonly takeDown: () => Promise<void>
}

/** A testbed of Kubernetes clusters that is up. */
export class KubeTestbed implements Testbed {
  readonly engine: Engine
  readonly delayMethod = 'none'
  readonly loadBalancer: string
  readonly facts: Readonly<Record<string, string>>
  readonly addresses: readonly OwnedAddress[]
  readonly #parts: TestbedParts

  constructor(parts: TestbedParts) {
    this.#parts = parts
    this.engine = parts.engine
    this.loadBalancer = parts.loadBalancer
    this.facts = parts.facts
    const pods = [...parts.pods.values()].map(({ workload, ip }): OwnedAddress => {
      const kind = workload.role === 'server' ? 'server-pod' : 'client-pod'
      return { address: `${ip}:${serverPort}`, component: { kind, ...workload.placement } }
    })
    this.addresses = [...pods, ...parts.addresses]
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
    const host = this.#parts.services.get(serviceKey(path.client.cluster, path.serverWorkload))
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
    return this.#parts.cpu?.source
  }

  async cpuUsage(): Promise<readonly ComponentCpu[]> {
    return (await this.#parts.cpu?.read()) ?? []
  }

  async evidence(): Promise<EvidenceSnapshot> {
    const { servers, watcher } = this.#parts
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

  async saveState(folder: string, signal: AbortSignal): Promise<void> {
    await this.#parts.saveState(folder, signal)
  }

  async down(): Promise<void> {
    await detachServers(this.#parts.servers)
    this.#parts.watcher?.close()
    await this.#parts.takeDown()
  }

  #pod(workload: Workload): FoundPod {
    return this.#pods(workload)[0]!
  }

  #pods(workload: Workload): readonly FoundPod[] {
    const pods = podsFor(this.#parts, workload)
    if (pods.length === 0) throw new RangeError(`workload "${workload.name}" has no pod in this testbed`)
    return pods
  }
}

function execCommand(
  tools: Toolbox,
  { name, workload, cluster }: FoundPod,
  program: readonly string[],
): Command {
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
): Promise<TestbedParts['servers']> {
  const servers = pods.filter(({ workload }) => workload.role === 'server')
  const attached: TestbedParts['servers'][number][] = []
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
export async function detachServers(servers: TestbedParts['servers']): Promise<void> {
  await Promise.all(servers.map(({ process }) => process.end(endWithinMs)))
}
