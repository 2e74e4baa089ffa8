import { isComponent } from '../../topology/load-balancers.ts'
import type { Component } from '../../topology/model.ts'
import type { Cluster } from '../kubernetes/cluster/cluster.ts'
import type { HostFacts } from '../kubernetes/cluster/host-facts.ts'
import type { LoadBalancer, MakeLoadBalancer } from '../kubernetes/load-balancer.ts'
import type { MeshInput } from '../kubernetes/mesh.ts'
import type { StepContext } from '../kubernetes/steps/step.ts'
import type { DataPlane } from '../kubernetes/tools/options.ts'
import { defaultIstio, fullIstioVersion, pinsFor, type IstioPins } from '../versions.ts'
import { gatewayOf } from './read/read-gateway.ts'

/** What clusters that hopmeter made offer beside themselves. */
export interface OwnClusters {
  readonly loadBalancer: MakeLoadBalancer
  readonly host: (context: StepContext) => Promise<HostFacts>
}

/** What everything about one mesh works with: the input of the backend and what follows from it. */
export interface IstioContext extends MeshInput {
  readonly istio: string
  readonly pins: IstioPins
  readonly hub: string
  readonly tag: string
  /** Clusters whose east-west gateway some path enters. */
  readonly gateways: readonly Cluster[]
  /** What stands in front of each of them, by cluster; empty where that is the user's. */
  readonly loadBalancers: ReadonlyMap<string, LoadBalancer>
  /** Absent where the clusters are the user's. */
  readonly host?: OwnClusters['host'] | undefined
  /** What Istio calls each cluster of the scenario; absent where hopmeter named them itself, by the same names. */
  readonly clusterIds?: ReadonlyMap<string, string> | undefined
}

export function istioContext(input: MeshInput, own?: OwnClusters): IstioContext {
  const istio = fullIstioVersion(input.options.istio ?? defaultIstio)
  const pins = pinsFor(istio)
  const entered = new Set(
    input.plan.paths.flatMap(({ rule }) => (rule.possible ? rule.components : [])).flatMap(enteredBy),
  )
  const gateways = input.clusters.filter(({ name }) => entered.has(name))
  return {
    ...input,
    istio,
    pins,
    hub: input.options.istioHub ?? pins.hub,
    tag: input.options.istioTag ?? istio,
    gateways,
    loadBalancers: new Map(
      own ? gateways.map((cluster) => [cluster.name, own.loadBalancer(cluster, gatewayOf(cluster))]) : [],
    ),
    ...(own ? { host: own.host } : {}),
  }
}

function enteredBy({ kind, cluster }: Component): string[] {
  return kind === 'east-west-gateway' ? [cluster] : []
}

/** Istio's name of a cluster. */
export function clusterIdOf({ clusterIds }: Pick<IstioContext, 'clusterIds'>, name: string): string {
  return clusterIds?.get(name) ?? name
}

/** The scenario's name of what Istio calls so; other clusters keep the name that they have. */
export function clusterNameOf({ clusterIds }: Pick<IstioContext, 'clusterIds'>, id: string): string {
  return [...(clusterIds ?? [])].find(([, own]) => own === id)?.[0] ?? id
}

/** Whether the gateway of this cluster is reached through a component of its own. */
export function isProxied({ spec }: Cluster): boolean {
  return isComponent(spec.gateway?.loadBalancer)
}

/** The ambient profile asks for `<tag>-distroless` (`global.variant`), also of images that others build. */
export const imageVariant = 'distroless'

/** Every image that the nodes of a cluster need. */
export function istioImages({ hub, tag, gateways, options }: IstioContext): readonly string[] {
  const ofDataPlane = ['ztunnel', ...(gateways.length > 0 ? ['proxyv2'] : [])]
  const own = ['pilot', 'install-cni', ...ofDataPlane].map((name) => imageName(name, { hub, tag }))
  const others = (options.dataPlanes ?? []).flatMap((dataPlane) =>
    ofDataPlane.map((name) => imageName(name, sourceOf(dataPlane))),
  )
  return [...new Set([...own, ...others])]
}

interface ImageSource {
  readonly hub: string
  readonly tag: string
}

function imageName(name: string, { hub, tag }: ImageSource): string {
  return `${hub}/${name}:${tag}-${imageVariant}`
}

function sourceOf({ istio, hub, tag }: DataPlane): ImageSource {
  return { hub: hub ?? pinsFor(istio).hub, tag: tag ?? istio }
}

/** What one data plane consists of. */
export interface DataPlaneImages {
  readonly ztunnel: string
  readonly gateway: string
}

/** Images of a version that is switched to; undefined for the one that was installed with the control plane. */
export function imagesOfDataPlane(
  { hub, tag, options }: Pick<IstioContext, 'hub' | 'tag' | 'options'>,
  variant: string,
): DataPlaneImages | undefined {
  const dataPlane = (options.dataPlanes ?? []).find(({ name }) => name === variant)
  if (!dataPlane) throw new RangeError(`no version is called "${variant}"`)
  const source = sourceOf(dataPlane)
  if (source.hub === hub && source.tag === tag) return undefined
  return { ztunnel: imageName('ztunnel', source), gateway: imageName('proxyv2', source) }
}

/** What a version is called in results, e.g. `1.30.3`, or the tag of somebody's own images. */
export function tagOfDataPlane(dataPlane: DataPlane): string {
  return sourceOf(dataPlane).tag
}
