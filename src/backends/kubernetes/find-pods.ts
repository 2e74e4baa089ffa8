import { HopmeterError } from '../../errors.ts'
import type { Plan } from '../plan.ts'
import type { StepContext } from './contract.ts'
import type { TestbedCluster } from './layout.ts'
import type { FactsBook } from './node-facts.ts'
import { serviceKey, type FoundPod } from './testbed.ts'
import type { Toolbox } from './toolbox.ts'
import { ownObjects } from './workload-steps.ts'

export interface Found {
  readonly pods: ReadonlyMap<string, FoundPod>
  readonly services: ReadonlyMap<string, string>
}

/** Addresses of pods and services as the clusters gave them. @throws HopmeterError when a pod has none. */
export async function findPods(
  parts: {
    readonly tools: Toolbox
    readonly facts: FactsBook
    readonly plan: Plan
    readonly sessionId: string
  },
  clusters: readonly TestbedCluster[],
  context: StepContext,
): Promise<Found> {
  const { tools, facts, plan, sessionId } = parts
  const pods = new Map<string, FoundPod>()
  const services = new Map<string, string>()
  await Promise.all(
    clusters.map(async (cluster) => {
      const [objects, { nodes }] = await Promise.all([
        ownObjects(tools, cluster, sessionId, context),
        facts.of(cluster, context),
      ])
      for (const workload of plan.workloads.filter(({ placement }) => placement.cluster === cluster.name)) {
        const pod = objects.find(({ kind, metadata }) => kind === 'Pod' && metadata.name === workload.name)
        const ip = pod?.status?.podIP
        if (ip === undefined)
          throw new HopmeterError(`pod ${workload.name} of ${cluster.name} has no address`)
        const node = nodes.find(({ number }) => number === workload.placement.node)
        pods.set(workload.name, { workload, cluster, ip, nodeAddress: node?.address ?? '' })
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
