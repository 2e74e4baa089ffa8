import type { Command } from '../../backend.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import { isRolledOut, type Rollout } from '../../kubernetes/cluster/objects.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { findPodProblem } from './pod-watch.ts'
import { systemNamespace } from '../../../plan/names.ts'

const rolloutTimeoutMs = 300_000
const inSystem = ['--namespace', systemNamespace]

/** @param workload e.g. `deployment/istiod` */
export function restartCommand(cluster: Cluster, workload: string): Command {
  return cluster.kubectl([...inSystem, 'rollout', 'restart', workload])
}

/** Starts a workload of Istio anew, where it runs, and waits for it; one that is broken now is not waited for. */
export async function restart(cluster: Cluster, workload: string, context: StepContext): Promise<void> {
  const found = await cluster.find<Rollout>(workload, { namespace: systemNamespace }, context)
  if (!found) return
  await cluster.call(restartCommand(cluster, workload), context)
  if (isRolledOut(found)) await waitForRollout(cluster, workload, context)
}

/** Waits until the newest form of a workload runs everywhere. @throws CommandError when it does not in time */
export async function waitForRollout(
  cluster: Cluster,
  workload: string,
  context: StepContext,
): Promise<void> {
  context.progress(`wait for ${workload} of ${cluster.name} to run anew`)
  const wait = [...inSystem, 'rollout', 'status', workload, '--timeout', `${rolloutTimeoutMs / 1000}s`]
  try {
    await cluster.call(cluster.kubectl(wait), { ...context, timeoutMs: rolloutTimeoutMs })
  } catch (error) {
    context.signal.throwIfAborted()
    // A deadline says less than a pod that cannot get its image.
    throw (await findPodProblem(cluster, context).catch(() => undefined)) ?? error
  }
}
