import type { ComponentFlows, OwnedAddress } from '../../evidence/flow.ts'
import type { Component } from '../../topology/model.ts'
import type { Command, Engine, VariantOfTestbed } from '../backend.ts'
import type { Plan } from '../../plan/plan-scenario.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { PodObject } from './cluster/objects.ts'
import type { Phase, Readiness, StepContext } from './steps/step.ts'
import type { KubernetesOptions } from './tools/options.ts'
import type { PodInventory } from './workloads/pod-inventory.ts'

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
  readonly plan: Plan
  readonly clusters: readonly Cluster[]
  readonly options: KubernetesOptions
  /** A placeholder while planning. */
  readonly sessionId: string
}

/** What a mesh adds to clusters: steps before the workloads, states to wait for after them, and evidence. */
export interface ServiceMesh {
  readonly engine: Engine
  readonly loadBalancer: string
  readonly facts: Readonly<Record<string, string>>
  /** What does not agree of what was asked for and what stands, in words; complete once `watch` has returned. */
  readonly disagreements: readonly string[]
  /** Images to have in the nodes of every cluster. */
  readonly images: readonly string[]
  readonly phases: readonly Phase[]
  readiness(found: PodInventory): readonly Readiness[]
  /** Starts to watch the components; their addresses are known from then on. */
  watch(
    found: PodInventory,
    context: StepContext,
  ): Promise<{ readonly watcher: FlowWatcher; readonly addresses: readonly OwnedAddress[] } | undefined>
  /** What forwards the bytes of each version that is switched to, in their order; absent where there is one. */
  readonly variants?: readonly VariantOfTestbed[] | undefined
  /** Of `facts`, what a restart can change where versions are switched. */
  readonly startFacts?: Readonly<Record<string, string>> | undefined
  /**
   * Starts all that forwards bytes anew and waits for it; absent where the mesh is the user's.
   * @param variant the version that is to stand then; what stands unless given
   */
  restart?(context: StepContext, variant?: string): Promise<void>
  /** Puts the version back that was installed, and waits for it; nothing where it stands. */
  putBack?(context: StepContext): Promise<void>
  /** Which component of the mesh a pod is; undefined for all others. */
  componentOf(pod: PodObject, cluster: string, node: number | undefined): Component | undefined
  /** What explains a mesh that failed, of a cluster that hopmeter made. */
  stateFiles(cluster: Cluster, context: StepContext): Promise<readonly StateFile[]>
}
