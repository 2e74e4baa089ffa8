import type { Backend } from '../backends/backend.ts'
import { createKind } from '../backends/kubernetes/kind.ts'
import type { KubernetesOptions } from '../backends/kubernetes/options.ts'
import { createLab } from '../backends/lab/lab.ts'
import { UsageError } from '../errors.ts'

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
  readonly resources?: 'trimmed' | 'default'
  readonly keep?: boolean
}

/** The backend behind `--backend`. @throws UsageError when there is none of that name. */
export function createBackend(
  name: string,
  flags: KubernetesFlags = {},
  more: Pick<KubernetesOptions, 'failureLogs'> = {},
): Backend {
  if (name === 'lab') return createLab()
  if (name === 'kind') return createKind({ ...kubernetesOptions(flags), ...more })
  throw new UsageError(`there is no backend "${name}"`, { hint: 'use --backend lab or kind' })
}

export function kubernetesOptions(flags: KubernetesFlags): KubernetesOptions {
  const { istio, istioHub, istioTag, istioSet, gatewayApi, nodeImage, agentImage, lbImage, resources, keep } =
    flags
  return {
    istio,
    istioHub,
    istioTag,
    istioSet,
    gatewayApi,
    nodeImage,
    agentImage,
    loadBalancerImage: lbImage,
    resources,
    keep,
  }
}
