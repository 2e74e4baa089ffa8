import type { KindCluster } from '../../kubernetes/cluster/layout.ts'
import { isRolledOut, type Rollout } from '../../kubernetes/cluster/objects.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { systemNamespace, type IstioParts } from '../context.ts'

const rolloutTimeoutMs = 300_000

/**
 * Starts a workload of Istio anew, where it runs, and waits for it; one that is broken now is not waited for.
 * @param workload e.g. `deployment/istiod`
 */
export async function restart(
  { tools }: Pick<IstioParts, 'tools'>,
  cluster: KindCluster,
  workload: string,
  context: StepContext,
): Promise<void> {
  const inSystem = ['--namespace', systemNamespace]
  const found = await tools.find<Rollout>(
    tools.kubectl(cluster, [...inSystem, 'get', workload, '-o', 'json']),
    context,
  )
  if (!found) return
  await tools.call(tools.kubectl(cluster, [...inSystem, 'rollout', 'restart', workload]), context)
  if (!isRolledOut(found)) return
  context.progress(`wait for ${workload} of ${cluster.name} to run anew`)
  const wait = [...inSystem, 'rollout', 'status', workload, '--timeout', `${rolloutTimeoutMs / 1000}s`]
  await tools.call(tools.kubectl(cluster, wait), { ...context, timeoutMs: rolloutTimeoutMs })
}
