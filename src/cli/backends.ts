import type { Backend } from '../backends/backend.ts'
import { backendEntry, type BackendOptions } from '../backends/registry.ts'

/** What the command line says of Kubernetes testbeds. */
export interface KubernetesFlags {
  readonly istio?: string
  readonly istioHub?: string
  readonly istioTag?: string
  readonly istioSet?: readonly string[]
  readonly gatewayApi?: string
  readonly nodeImage?: string
  readonly agentImage?: string
  readonly lbImage?: string
  /** Pods of every client workload. */
  readonly clients?: number
  readonly resources?: 'trimmed' | 'default'
  readonly keep?: boolean
  /** Context of each cluster, by its name in the scenario. */
  readonly context?: Readonly<Record<string, string>>
  readonly kubeconfig?: string
}

/** The backend behind `--backend`. @throws UsageError when there is none of that name. */
export function createBackend(name: string, flags: KubernetesFlags = {}): Promise<Backend> {
  return backendEntry(name).create(backendOptions(flags))
}

export function backendOptions(flags: KubernetesFlags): BackendOptions {
  const { istio, istioHub, istioTag, istioSet, gatewayApi, nodeImage } = flags
  const { agentImage, clients, lbImage, resources, keep, context, kubeconfig } = flags
  return {
    istio,
    istioHub,
    istioTag,
    istioSet,
    gatewayApi,
    nodeImage,
    agentImage,
    clients,
    loadBalancerImage: lbImage,
    resources,
    keep,
    contexts: context,
    kubeconfig,
  }
}
