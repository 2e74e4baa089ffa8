import type { OwnedAddress, ComponentFlows } from '../../evidence/flow.ts'
import type { Engine, Command } from '../backend.ts'
import type { Plan } from '../plan.ts'
import type { FactsBook } from './cluster/cluster-facts.ts'
import type { KindCluster } from './cluster/layout.ts'
import type { Session } from './session/session.ts'
import type { Phase, Readiness, StepContext } from './steps/step.ts'
import type { KubernetesOptions } from './tools/options.ts'
import type { Toolbox } from './tools/toolbox.ts'
import type { Found } from './workloads/pod-inventory.ts'

/** Watches the components of the mesh; without a mesh there is none. */
export interface FlowWatcher {
  flows(): Promise<readonly ComponentFlows[]>
  close(): void
}

/** A question whose answer is kept in a file of that name. */
export interface StateFile {
  readonly file: string
  readonly command: Command
}

export interface MeshInput {
  readonly tools: Toolbox
  readonly facts: FactsBook
  readonly plan: Plan
  readonly clusters: readonly KindCluster[]
  readonly options: KubernetesOptions
  /** Absent while planning. */
  readonly session: Session | undefined
}

/** What a mesh adds to clusters: steps before the workloads, states to wait for after them, and evidence. */
export interface MeshPart {
  readonly engine: Engine
  readonly loadBalancer: string
  readonly facts: Readonly<Record<string, string>>
  /** Images to have in the nodes of every cluster. */
  readonly images: readonly string[]
  readonly phases: readonly Phase[]
  readiness(found: Found): readonly Readiness[]
  /** Starts to watch the components; their addresses are known from then on. */
  watch(
    found: Found,
    context: StepContext,
  ): Promise<{ readonly watcher: FlowWatcher; readonly addresses: readonly OwnedAddress[] } | undefined>
  /** What explains a mesh that failed, of a cluster that hopmeter made. */
  stateFiles(cluster: KindCluster, context: StepContext): Promise<readonly StateFile[]>
}
