import type { OwnedAddress, EvidenceSnapshot } from '../evidence/flow.ts'
import type { Component } from '../topology/model.ts'
import type { Plan, PlannedPath, Workload } from '../plan/plan-scenario.ts'

export type BackendName = 'lab' | 'kind' | 'contexts'

/** What forwards the bytes, e.g. `lab-node 0.1.0` or `istio 1.31.0`. */
export interface Engine {
  readonly name: string
  readonly version: string
  /** Whether stand-ins forward the bytes, so that their numbers are not those of what they stand for. */
  readonly simulated?: boolean | undefined
}

/** A command as file and arguments; never a shell string. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Text for standard input, where the command reads one (`ip -batch -`). */
  readonly input?: string | undefined
  /** Environment variables to set beside those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** False: it gets PATH and `env` only. Tools of the user's need more; what forwards or sends bytes does not. */
  readonly inherit?: boolean | undefined
}

/** A named, idempotent action of standing a testbed up. `plan` prints the commands, `up` runs them. */
export interface Step {
  readonly name: string
  /** What a user could paste; the order within a step is the order of execution. */
  readonly commands: readonly Command[]
}

export interface BackendContext {
  readonly signal: AbortSignal
  /** Called when a step starts and with details while it lasts. */
  readonly progress: (message: string) => void
  /** Called with what must still be there to read when the next step starts; `progress` unless given. */
  readonly note?: ((message: string) => void) | undefined
  /** Where a bring-up that fails keeps what its clusters say; nothing is kept where it is absent. */
  readonly failureFolder?: string | undefined
}

/** One pod of a client workload: a testbed with several clients has as many of each. */
export interface ClientPod {
  readonly name: string
  /** The command that runs `agent load` inside of it. */
  readonly command: Command
  /** IP addresses (pod, then node) from which its traffic can appear. */
  readonly addresses: readonly string[]
}

/** CPU time of one component since some time before the run. */
export interface ComponentCpu {
  readonly component: Component
  readonly cpuMs: number
  /** Time for which a CPU quota kept it from running, ms; absent where that is not known. */
  readonly throttledMs?: number | undefined
  /** When the counter was read, by its own clock, ms; absent where it was read at the time of the call. */
  readonly atMs?: number | undefined
}

/** How a testbed knows CPU times. */
export interface CpuSource {
  /** e.g. `schedstat`, `cgroup`, `cadvisor`. */
  readonly name: string
  /** False where counters move every ten seconds or so: a turn or a round is too short for them. */
  readonly perTurn: boolean
  /** Whether the components are all that the testbed runs, so that what remains is load of others. */
  readonly coversTestbed: boolean
}

/** What forwards the bytes of one of several variants. */
export interface VariantOfTestbed {
  readonly name: string
  readonly engine: Engine
  readonly loadBalancer: string
  readonly facts: Readonly<Record<string, string>>
}

/** A version or setting of the data plane that stands beside others. */
export interface VariantChoice {
  readonly name: string
  /** What is asked of it, in the words of flags and without the names of local files, for results to keep. */
  readonly settings: Readonly<Record<string, string>>
}

/** Holds still what no path needs but what takes CPU time. */
export interface Quiet {
  /**
   * From when it returns on and for at least so long, nothing runs but what paths need; where it cannot be for so long,
   * everything goes on and that is told.
   * @throws HopmeterError when that cannot be done any more.
   */
  hold(forMs: number, signal: AbortSignal): Promise<void>
  /** Lets everything run again. @throws HopmeterError when that is not certain. */
  release(): Promise<void>
}

export interface RestartContext {
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
  /** 32-bit. */
  readonly seed: number
  /** Which variant is to stand afterwards, where they are switched. */
  readonly variant?: string | undefined
}

/** Something in a testbed with a network of its own: a pod, a node, a load balancer. */
export interface Place {
  readonly name: string
  /** e.g. `client pod`, `gateway`, `node`. */
  readonly kind: string
  /** Undefined where it is not known. */
  readonly address?: string | undefined
}

export interface Testbed {
  readonly engine: Engine
  /** How delay between networks is made: `none`, `netem` or `userspace-vxlan`. */
  readonly delayMethod: string
  /** Which load balancer stands in front of gateways that have one, e.g. `lab-node`, `haproxy 2.6`, `none`. */
  readonly loadBalancer: string
  /** The same of each variant, in their order; absent where there are none. */
  readonly variants?: readonly VariantOfTestbed[] | undefined
  /** Further facts for the result, e.g. versions of programs used. No secrets, no host names. */
  readonly facts: Readonly<Record<string, string>>
  /** What runs since the last restart, where that can be something else each time: images by digest. */
  readonly startFacts?: Readonly<Record<string, string>> | undefined
  /** The command that runs `agent <mode>` inside a workload's pod. */
  agentCommand(workload: Workload, mode: 'load'): Command
  /**
   * The program, as file and arguments, by which a load agent in one client pod gets connections out of another: it runs
   * `agent dial` there. Absent where the testbed has no variants.
   */
  dialer?(workload: Workload): readonly [file: string, ...args: string[]]
  /** All pods of a client workload, in a fixed order; absent where every workload is one pod. */
  clientPods?(workload: Workload): readonly ClientPod[]
  /** Where a client dials to take this path: the service VIP, or the pod address without a mesh. */
  target(path: PlannedPath): { readonly host: string; readonly port: number }
  readonly addresses: readonly OwnedAddress[]
  /** Whatever has a network of its own; absent where only the pods of workloads are known. */
  readonly places?: readonly Place[] | undefined
  /** Pod IP of a workload. */
  podAddress(workload: Workload): string
  /** IP addresses (pod, then node) from which a workload's traffic can appear. */
  sourceAddresses(workload: Workload): readonly string[]
  /** CPU time of ztunnels, gateways, load balancers and servers so far, for cost per request; empty where unknown. */
  cpuUsage(): Promise<readonly ComponentCpu[]>
  /** Absent where `cpuUsage` is empty. */
  readonly cpuSource?: CpuSource | undefined
  evidence(): Promise<EvidenceSnapshot>
  /** Absent where nothing runs beside the paths, or it is to go on. */
  readonly quiet?: Quiet | undefined
  /**
   * Starts the programs that forward or answer bytes anew, as far as they are hopmeter's: the lab in an order shuffled by
   * the seed, Kubernetes all at once. Namespaces, clusters, addresses and routes stay. Whoever calls has no load agent running. Absent where a backend cannot.
   * @throws HopmeterError when a program does not come back; the testbed can only be taken down then.
   */
  restart?(context: RestartContext): Promise<void>
  /**
   * Why the testbed itself does not work any more, for a failure that may be only a consequence of that; undefined when
   * it does. Never throws.
   */
  whatBroke?(): Promise<unknown>
  /** Keeps in a folder what clusters and components say, for a run that failed on them. Never throws. */
  saveState?(folder: string, signal: AbortSignal): Promise<void>
  /** Whether `down` leaves what stands; false where absent. */
  readonly isKept?: boolean | undefined
  /** Takes everything down; never throws for what is already gone. */
  down(): Promise<void>
}

export interface Backend {
  readonly name: BackendName
  /** Pods of every client workload, which send load at the same time; 1 where absent. */
  readonly clients?: number | undefined
  /** Stand side by side in its testbeds, the one compared with first; absent: one of everything. */
  readonly variants?: readonly VariantChoice[] | undefined
  /** Whether one of its variants stands at a time, and a restart makes it another, instead of side by side. */
  readonly switchesVariants?: boolean | undefined
  /** How they are switched and what all share, in words, e.g. for `plan`. */
  readonly switchWords?: string | undefined
  /** Whether its testbeds can start their programs anew (`Testbed.restart`). */
  readonly canRestart?: boolean | undefined
  /** The steps of `up`, without changing anything; some need to ask the machine what it can do. */
  steps(plan: Plan): readonly Step[] | Promise<readonly Step[]>
  /** What is known beforehand to touch the paths of a plan on what it stands up, one line each. */
  warnings?(plan: Plan): readonly string[]
  /** Stands the testbed up; on failure or abort it leaves nothing behind and throws. */
  up(plan: Plan, context: BackendContext): Promise<Testbed>
}

/** What a machine can do for a backend. */
export interface DoctorReport {
  /** Whether scenarios that need nothing special can run. */
  readonly ok: boolean
  readonly checks: readonly {
    readonly name: string
    readonly ok: boolean
    /** A version, or what went wrong. */
    readonly detail: string
    /** What to do when it is not ok. */
    readonly remedy?: string | undefined
  }[]
  readonly scenarios: readonly { readonly name: string; readonly ok: boolean; readonly reason?: string }[]
}

/** The pods of a client workload, also where the backend has one each. */
export function clientPodsOf(testbed: Testbed, workload: Workload): readonly ClientPod[] {
  return (
    testbed.clientPods?.(workload) ?? [
      {
        name: workload.name,
        command: testbed.agentCommand(workload, 'load'),
        addresses: testbed.sourceAddresses(workload),
      },
    ]
  )
}
