import { sessionLabel } from '../../kind/cluster/ownership.ts'
import type { KindCluster } from '../../kubernetes/cluster/layout.ts'
import type { PodObject } from '../../kubernetes/cluster/objects.ts'
import type { KubeStep, StepContext } from '../../kubernetes/steps/step.ts'
import { meshNamespace } from '../../plan.ts'
import type { IstioParts } from '../context.ts'
import { ztunnelPods } from '../read/read-mesh.ts'

/**
 * Deletes pods of this testbed that are older than the ztunnel of their node, so that the workload steps make them
 * anew: connections and tunnels from before a change of ztunnel would stay open.
 */
export function renewPodsStep(parts: IstioParts, cluster: KindCluster): KubeStep {
  const { tools, session } = parts
  const own = ['--namespace', meshNamespace, '--selector', `${sessionLabel}=${session?.id ?? 'SESSION-ID'}`]
  const read = tools.kubectl(cluster, ['get', 'pods', ...own, '-o', 'json'])
  const older = async (context: StepContext): Promise<readonly string[]> => {
    const [{ items = [] }, ztunnels, { nodes }] = await Promise.all([
      tools.json<{ readonly items?: readonly PodObject[] }>(read, context),
      ztunnelPods(parts, cluster, context),
      parts.facts.of(cluster, context),
    ])
    const since = new Map(
      ztunnels.map(({ pod, node }) => [
        nodes.find(({ number }) => number === node)?.name,
        Date.parse(pod.status?.startTime ?? ''),
      ]),
    )
    return items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .filter(({ spec, status }) => Date.parse(status?.startTime ?? '') < (since.get(spec.nodeName) ?? 0))
      .map(({ metadata }) => metadata.name)
  }
  const remove = (names: readonly string[]) =>
    tools.kubectl(cluster, [
      ...['delete', '--namespace', meshNamespace, '--ignore-not-found'],
      ...names.map((name) => `pod/${name}`),
    ])
  return {
    name: `renew pods of ${cluster.name} that are older than their ztunnel`,
    commands: [remove(['OLDER-PODS'])],
    isDone: async (context) => (await older(context)).length === 0,
    run: async (context) => {
      const names = await older(context)
      if (names.length > 0) await tools.call(remove(names), { ...context, timeoutMs: 120_000 })
    },
  }
}
