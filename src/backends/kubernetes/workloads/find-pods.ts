import { HopmeterError } from '../../../errors.ts'
import type { Plan, Workload } from '../../plan.ts'
import type { FactsBook } from '../cluster/cluster-facts.ts'
import type { TestbedCluster } from '../cluster/layout.ts'
import type { StepContext } from '../steps/step.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { serviceKey, type Found, type FoundPod } from './pod-inventory.ts'
import { indexedPods, ownObjects, type KubeObject } from './workload-steps.ts'

/** Addresses of pods and services as the clusters gave them. @throws HopmeterError when a pod has none. */
export async function findPods(
  parts: {
    readonly tools: Toolbox
    readonly facts: FactsBook
    readonly plan: Plan
    readonly sessionId: string
    /** Pods of every client workload. */
    readonly clients: number
  },
  clusters: readonly TestbedCluster[],
  context: StepContext,
): Promise<Found> {
  const { tools, facts, plan, sessionId, clients } = parts
  const pods = new Map<string, FoundPod>()
  const services = new Map<string, string>()
  await Promise.all(
    clusters.map(async (cluster) => {
      const [objects, { nodes }] = await Promise.all([
        ownObjects(tools, cluster, sessionId, context),
        facts.of(cluster, context),
      ])
      for (const workload of plan.workloads.filter(({ placement }) => placement.cluster === cluster.name)) {
        const node = nodes.find(({ number }) => number === workload.placement.node)
        const count = workload.role === 'client' ? clients : 1
        for (const [index, pod] of podsOf(objects, workload, count).entries()) {
          const ip = pod?.status?.podIP
          if (pod === undefined || ip === undefined) {
            const which = count === 1 ? '' : ` ${index + 1} of ${count}`
            throw new HopmeterError(`pod ${workload.name}${which} of ${cluster.name} has no address`)
          }
          const { name } = pod.metadata
          pods.set(name, { name, index, workload, cluster, ip, nodeAddress: node?.address ?? '' })
        }
      }
      for (const workload of plan.workloads.filter(({ role }) => role === 'server')) {
        const service = objects.find(
          ({ kind, metadata }) => kind === 'Service' && metadata.name === workload.name,
        )
        const address = service?.spec?.clusterIP
        if (address !== undefined) services.set(serviceKey(cluster.name, workload), address)
      }
    }),
  )
  return { pods, services }
}

function podsOf(
  objects: readonly KubeObject[],
  workload: Workload,
  count: number,
): readonly (KubeObject | undefined)[] {
  if (count === 1)
    return [objects.find(({ kind, metadata }) => kind === 'Pod' && metadata.name === workload.name)]
  const indexed = indexedPods(objects, workload.name)
  return Array.from({ length: count }, (_, index) => indexed.get(index))
}
