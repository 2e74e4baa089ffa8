import type { PodObject } from '../../kubernetes/cluster/objects.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { IstioContext } from '../context.ts'
import { gatewayPods, servingPods } from './read-gateway.ts'
import { ztunnelPods } from './read-mesh.ts'

/** Images of control planes, ztunnels and gateways, whoever installed them. */
export async function imagesOfMesh(
  istio: IstioContext,
  context: StepContext,
): Promise<Readonly<Record<string, string>>> {
  const { clusters, gateways } = istio
  const istiods = clusters.map((cluster) => servingPods(cluster, 'app=istiod', context))
  const ztunnels = clusters.map(async (cluster) =>
    (await ztunnelPods(cluster, context)).map(({ pod }) => pod),
  )
  const proxies = gateways.map((cluster) => gatewayPods(cluster, context))
  const images = async (pods: readonly Promise<readonly PodObject[]>[]) =>
    imagesOf((await Promise.all(pods)).flat())
  const [istiod, ztunnel, gateway] = await Promise.all([images(istiods), images(ztunnels), images(proxies)])
  return { istiod, ztunnel, ...(gateways.length > 0 ? { gateway } : {}) }
}

/** `hub/name:tag@sha256:…` of the first container of each pod, each once. */
export function imagesOf(pods: readonly PodObject[]): string {
  const images = pods.flatMap(({ status }) => {
    const container = status?.containerStatuses?.[0]
    if (container?.image === undefined) return []
    // Images loaded from Docker have a configuration digest only; the runtime gives either.
    const digest = /sha256:[0-9a-f]{64}$/.exec(container.imageID ?? '')?.[0]
    return [digest === undefined ? container.image : `${container.image}@${digest}`]
  })
  return [...new Set(images)].toSorted().join(', ')
}
