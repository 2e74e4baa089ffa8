import { HopmeterError } from '../../../errors.ts'
import type { Plan, Workload } from '../../../plan/plan-scenario.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { ofKind, placeOf, type KubeObject, type PodObject } from '../cluster/objects.ts'
import type { StepContext } from '../steps/step.ts'
import { imagesOf } from './images.ts'
import { indexedPods, ownObjects } from './own-objects.ts'
import { serviceKey, type FoundPod, type PodInventory } from './pod-inventory.ts'

/**
 * Addresses of pods and services as the clusters gave them.
 * @param clients pods of every client workload
 * @throws HopmeterError when a pod has none.
 */
export async function findPods(
  { workloads }: Plan,
  sessionId: string,
  clients: number,
  clusters: readonly Cluster[],
  context: StepContext,
): Promise<PodInventory> {
  const pods = new Map<string, FoundPod>()
  const services = new Map<string, string>()
  await Promise.all(
    clusters.map(async (cluster) => {
      const [objects, { nodes }] = await Promise.all([
        ownObjects(cluster, sessionId, context),
        cluster.facts(context),
      ])
      for (const workload of workloads.filter(({ placement }) => placement.cluster === cluster.name)) {
        const node = nodes.find(({ number }) => number === workload.placement.node)
        const count = workload.role === 'client' ? clients : 1
        for (const [index, pod] of podsOf(objects, workload, count).entries()) {
          const ip = pod?.status?.podIP
          if (pod === undefined || ip === undefined) {
            const which = count === 1 ? '' : ` ${index + 1} of ${count}`
            throw new HopmeterError(`pod ${workload.name}${which} of ${cluster.name} has no address`)
          }
          const { name } = pod.metadata
          const of = { nodeAddress: node?.address ?? '', image: imagesOf([pod]), place: placeOf(pod) }
          pods.set(name, { name, index, workload, cluster, ip, ...of })
        }
      }
      for (const workload of workloads.filter(({ role }) => role === 'server')) {
        const service = ofKind(objects, 'Service').find(({ metadata }) => metadata.name === workload.name)
        const address = service?.spec.clusterIP
        if (address !== undefined) services.set(serviceKey(cluster.name, workload), address)
      }
    }),
  )
  return { pods, services }
}

function podsOf(
  objects: readonly KubeObject[],
  { name }: Workload,
  count: number,
): readonly (PodObject | undefined)[] {
  if (count === 1) return [ofKind(objects, 'Pod').find(({ metadata }) => metadata.name === name)]
  const indexed = indexedPods(objects, name)
  return Array.from({ length: count }, (_, index) => indexed.get(index))
}
