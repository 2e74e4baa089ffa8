import type { Component } from '../../topology/model.ts'
import type { KindCluster } from '../kubernetes/cluster/layout.ts'
import type { MeshInput } from '../kubernetes/mesh.ts'
import { defaultIstio, fullIstioVersion, loadBalancerImage, pinsFor, type IstioPins } from '../versions.ts'

export const systemNamespace = 'istio-system'
export const networkLabel = 'topology.istio.io/network'
/** Name and service account of the gateway: clients of other networks verify `…/sa/istio-eastwestgateway`. */
export const gatewayName = 'istio-eastwestgateway'
export const hbonePort = 15008
export const fieldManager = 'hopmeter'
/** Of kubectl, for an object on standard input. */
export const applyArguments = [
  ...['apply', '--server-side', '--force-conflicts'],
  ...['--field-manager', fieldManager, '--filename', '-'],
]

/** What the Istio part works with: the input of the backend and what follows from it. */
export interface IstioParts extends MeshInput {
  readonly istio: string
  readonly pins: IstioPins
  readonly hub: string
  readonly tag: string
  readonly loadBalancerImage: string
  /** Clusters whose east-west gateway some path enters. */
  readonly gateways: readonly KindCluster[]
  /** What Istio calls each cluster of the scenario; absent where hopmeter named them itself, by the same names. */
  readonly clusterIds?: ReadonlyMap<string, string> | undefined
}

export function istioParts(input: MeshInput): IstioParts {
  const istio = fullIstioVersion(input.options.istio ?? defaultIstio)
  const pins = pinsFor(istio)
  const entered = new Set(
    input.plan.paths.flatMap(({ rule }) => (rule.possible ? rule.components : [])).flatMap(gatewayOf),
  )
  return {
    ...input,
    istio,
    pins,
    hub: input.options.istioHub ?? pins.hub,
    tag: input.options.istioTag ?? istio,
    loadBalancerImage: input.options.loadBalancerImage ?? loadBalancerImage,
    gateways: input.clusters.filter(({ name }) => entered.has(name)),
  }
}

/** Istio's name of a cluster. */
export function clusterIdOf({ clusterIds }: Pick<IstioParts, 'clusterIds'>, name: string): string {
  return clusterIds?.get(name) ?? name
}

/** The scenario's name of what Istio calls so; other clusters keep the name that they have. */
export function clusterNameOf({ clusterIds }: Pick<IstioParts, 'clusterIds'>, id: string): string {
  return [...(clusterIds ?? [])].find(([, own]) => own === id)?.[0] ?? id
}

function gatewayOf({ kind, cluster }: Component): string[] {
  return kind === 'east-west-gateway' ? [cluster] : []
}

/** Whether a proxy stands in front of the gateway of this cluster. */
export function isProxied(cluster: KindCluster): boolean {
  return cluster.spec.gateway?.loadBalancer === 'proxy'
}

/** The ambient profile asks for `<tag>-distroless` (`global.variant`), also of images that others build. */
export const imageVariant = 'distroless'

/** Every image that the nodes of a cluster need. */
export function istioImages({ hub, tag, gateways }: IstioParts): readonly string[] {
  const names = ['pilot', 'install-cni', 'ztunnel', ...(gateways.length > 0 ? ['proxyv2'] : [])]
  return names.map((name) => `${hub}/${name}:${tag}-${imageVariant}`)
}
