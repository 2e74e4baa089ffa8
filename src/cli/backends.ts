import path from 'node:path'
import type { Backend } from '../backends/backend.ts'
import { createContexts } from '../backends/kubernetes/contexts.ts'
import { createKind } from '../backends/kubernetes/kind.ts'
import type { KubernetesOptions } from '../backends/kubernetes/options.ts'
import { createLab } from '../backends/lab/lab.ts'
import { UsageError } from '../errors.ts'

/** Programs that the lab uses instead of its own. */
export interface EngineFlags {
  readonly ztunnel?: string
  readonly envoy?: string
  readonly haproxy?: string
}

/** What the command line says of testbeds. */
export interface KubernetesFlags extends EngineFlags {
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
export function createBackend(name: string, flags: KubernetesFlags = {}): Backend {
  if (name === 'lab') {
    if ((flags.clients ?? 1) > 1) {
      throw new UsageError('several clients are not supported on the lab backend', {
        hint: '--clients (HOPMETER_CLIENTS) is for --backend kind and contexts; the lab has one client per node',
      })
    }
    return createLab({ engines: enginesOf(flags) })
  }
  const [engine] = Object.keys(enginesOf(flags))
  if (engine !== undefined) {
    throw new UsageError(`--${engine} is for --backend lab`, {
      hint: 'on kind and contexts Istio brings its own; see --istio, --istio-hub and --lb-image',
    })
  }
  if (name === 'kind') return createKind(kubernetesOptions(flags))
  if (name === 'contexts') return contextsBackend(flags)
  throw new UsageError(`there is no backend "${name}"`, { hint: 'use --backend lab, kind or contexts' })
}

function enginesOf({ ztunnel, envoy, haproxy }: EngineFlags): EngineFlags {
  return {
    ...(ztunnel === undefined ? {} : { ztunnel }),
    ...(envoy === undefined ? {} : { envoy }),
    ...(haproxy === undefined ? {} : { haproxy }),
  }
}

/** Which file to read is said by the user: hopmeter does not go looking for clusters. */
function contextsBackend(flags: KubernetesFlags): Backend {
  const kubeconfig = flags.kubeconfig ?? process.env['KUBECONFIG']
  if (kubeconfig === undefined || kubeconfig === '' || kubeconfig.includes(':')) {
    throw new UsageError('--backend contexts needs one kubeconfig file', {
      hint: '--kubeconfig FILE, or KUBECONFIG with one file',
    })
  }
  return createContexts({
    ...kubernetesOptions(flags),
    contexts: flags.context ?? {},
    kubeconfig: path.resolve(kubeconfig),
  })
}

export function kubernetesOptions(flags: KubernetesFlags): KubernetesOptions {
  const { istio, istioHub, istioTag, istioSet, gatewayApi, nodeImage } = flags
  const { agentImage, clients, lbImage, resources, keep } = flags
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
  }
}
