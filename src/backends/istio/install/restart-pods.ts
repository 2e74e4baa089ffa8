import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { PodObject } from '../../kubernetes/cluster/objects.ts'
import { sessionLabel } from '../../kubernetes/session/ownership.ts'
import type { KubeStep, StepContext } from '../../kubernetes/steps/step.ts'
import { meshNamespace } from '../../../plan/names.ts'
import type { IstioContext } from '../context.ts'
import { ztunnelPods } from '../read/read-mesh.ts'

/**
 * Deletes pods of this testbed that are older than the ztunnel of their node, so that the workload steps make them
 * anew: connections and tunnels from before a change of ztunnel would stay open.
 */
export function restartPodsStep({ sessionId }: IstioContext, cluster: Cluster): KubeStep {
  const own = { namespace: meshNamespace, selector: `${sessionLabel}=${sessionId}` }
  const older = async (context: StepContext): Promise<readonly string[]> => {
    const [pods, ztunnels, { nodes }] = await Promise.all([
      cluster.list<PodObject>('pods', own, context),
      ztunnelPods(cluster, context),
      cluster.facts(context),
    ])
    const since = new Map(
      ztunnels.map(({ pod, node }) => [
        nodes.find(({ number }) => number === node)?.name,
        Date.parse(pod.status?.startTime ?? ''),
      ]),
    )
    return pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .filter(({ spec, status }) => Date.parse(status?.startTime ?? '') < (since.get(spec.nodeName) ?? 0))
      .map(({ metadata }) => metadata.name)
  }
  const remove = (names: readonly string[]) =>
    cluster.deleteCommand(
      names.map((name) => `pod/${name}`),
      meshNamespace,
    )
  return {
    name: `renew pods of ${cluster.name} that are older than their ztunnel`,
    commands: [remove(['OLDER-PODS'])],
    isDone: async (context) => (await older(context)).length === 0,
    run: async (context) => {
      const names = await older(context)
      if (names.length > 0) await cluster.call(remove(names), { ...context, timeoutMs: 120_000 })
    },
  }
}
