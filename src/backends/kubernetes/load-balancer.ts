import type { ComponentFlows } from '../../evidence/flow.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { Ingress } from './cluster/objects.ts'
import type { StateFile } from './mesh.ts'
import type { KubeStep, StepContext } from './steps/step.ts'

type Signal = Pick<StepContext, 'signal'>

/** A gateway, for what stands in front of it. */
export interface Gateway {
  /** Port at which other networks reach it. */
  readonly port: number
  /** Address of the node on which its pod runs; undefined while none does. */
  nodeAddress(context: Signal): Promise<string | undefined>
  /** Port of every node that leads to it. */
  nodePort(context: Signal): Promise<number | undefined>
}

/** What other networks reach a gateway by, on a cluster that hopmeter made. */
export interface LoadBalancer {
  /** As results name it; undefined where it is no component of its own. */
  readonly label: string | undefined
  /** Its image as Docker has it, with its digest; absent where it is no component of its own. */
  image?(context: Signal): Promise<string | undefined>
  /** Stands it up; absent where nothing has to stand. */
  readonly step?: KubeStep | undefined
  /** Starts its program anew; absent where it has none. @throws CommandError */
  restart?(context: StepContext): Promise<void>
  /** What the gateway's Service has to publish; undefined while there is nothing to publish. */
  ingress(context: Signal): Promise<Ingress | undefined>
  /** The same for a plan. */
  readonly placeholder: Ingress
  /** Who does not run where there is nothing to publish, and what says why. */
  readonly missing: { readonly what: string; readonly hint: string }
  /** Begins to watch what it forwards; absent where it forwards nothing itself. */
  watch?(context: StepContext): Promise<ProxyWatch>
  /** What explains it after a failure. */
  readonly stateFiles: readonly StateFile[]
}

export interface ProxyWatch {
  /** What it forwarded since the watch began. @throws HopmeterError when it cannot be asked. */
  read(signal: AbortSignal): Promise<ComponentFlows>
}

export type MakeLoadBalancer = (cluster: Cluster, gateway: Gateway) => LoadBalancer
