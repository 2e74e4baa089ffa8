import type { PodObject } from '../../kubernetes/cluster/objects.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { IstioParts } from '../context.ts'
import { caKeyType } from '../install/ca.ts'
import { ztunnelThreads } from '../install/install.ts'
import { gatewayPods, servingPods } from './read-gateway.ts'
import { ztunnelPods } from './read-mesh.ts'

/**
 * What the result keeps of the mesh: images with digests as the nodes run them, threads, key type. Values differ
 * between clusters only while something is wrong; then all are named.
 */
export async function meshFingerprint(
  parts: IstioParts,
  context: StepContext,
): Promise<Readonly<Record<string, string>>> {
  return {
    ...(await imagesOfMesh(parts, context)),
    ztunnelThreads: String(ztunnelThreads),
    caKeyType,
    // ztunnel and istiod offer nothing else: istio `security/pkg/pki/util`, ztunnel `src/tls/csr.rs`.
    workloadKeyType: 'ECDSA P-256',
    istioResources: parts.options.resources ?? 'trimmed',
  }
}

/** Images of control planes, ztunnels and gateways, whoever installed them. */
export async function imagesOfMesh(
  parts: IstioParts,
  context: StepContext,
): Promise<Readonly<Record<string, string>>> {
  const { clusters, gateways } = parts
  const istiods = clusters.map((cluster) => servingPods(parts, cluster, 'app=istiod', context))
  const ztunnels = clusters.map(async (cluster) =>
    (await ztunnelPods(parts, cluster, context)).map(({ pod }) => pod),
  )
  const proxies = gateways.map((cluster) => gatewayPods(parts, cluster, context))
  const images = async (pods: readonly Promise<readonly PodObject[]>[]) =>
    imagesOf((await Promise.all(pods)).flat())
  const [istiod, ztunnel, gateway] = await Promise.all([images(istiods), images(ztunnels), images(proxies)])
  return { istiod, ztunnel, ...(gateways.length > 0 ? { gateway } : {}) }
}

/** `hub/name:tag@sha256:…` of the first container of each pod, each once. */
export function imagesOf(pods: readonly PodObject[]): string {
  const images = pods.flatMap(({ status }) => {
    const container = status?.containerStatuses?.[0]
    if (!container) return []
    // Images loaded from Docker have a configuration digest only; the runtime gives either.
    const digest = /sha256:[0-9a-f]{64}$/.exec(container.imageID)?.[0]
    return [digest === undefined ? container.image : `${container.image}@${digest}`]
  })
  return [...new Set(images)].toSorted().join(', ')
}
