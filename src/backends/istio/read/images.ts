import type { PodObject } from '../../kubernetes/cluster/objects.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { imagesOf } from '../../kubernetes/workloads/images.ts'
import type { IstioContext } from '../context.ts'
import { gatewayPods, servingPods } from './read-gateway.ts'
import { ztunnelPods } from './read-mesh.ts'

/** Images of control planes, ztunnels, gateways and what stands before them, whoever installed them. */
export async function imagesOfMesh(
  istio: IstioContext,
  context: StepContext,
): Promise<Readonly<Record<string, string>>> {
  const { clusters, gateways, loadBalancers } = istio
  const istiods = clusters.map((cluster) => servingPods(cluster, 'app=istiod', context))
  const ztunnels = clusters.map(async (cluster) =>
    (await ztunnelPods(cluster, context)).map(({ pod }) => pod),
  )
  const proxies = gateways.map((cluster) => gatewayPods(cluster, context))
  const images = async (pods: readonly Promise<readonly PodObject[]>[]) =>
    imagesOf((await Promise.all(pods)).flat())
  const balancers = [...loadBalancers.values()].map(async (balancer) => await balancer.image?.(context))
  const [istiod, ztunnel, gateway, balancer] = await Promise.all([
    images(istiods),
    images(ztunnels),
    images(proxies),
    Promise.all(balancers).then((found) => [...new Set(found.flatMap((image) => image ?? []))].join(', ')),
  ])
  return {
    ...{ istiod, ztunnel },
    ...(gateways.length > 0 ? { gateway } : {}),
    ...(balancer === '' ? {} : { loadBalancerImage: balancer }),
  }
}
