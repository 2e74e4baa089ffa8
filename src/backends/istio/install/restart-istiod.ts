import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { KubeStep } from '../../kubernetes/steps/step.ts'
import { systemNamespace } from '../../../plan/names.ts'
import { replacedAnnotation, replacedSecrets } from './remote-secrets.ts'
import { restart, restartCommand } from './restart.ts'

const istiod = 'deployment/istiod'

/**
 * Starts istiod anew where a remote secret was replaced: up to 1.31 it goes on serving what it knew of that cluster
 * before, gateways included, and says "synced" (istio/istio#60033, release note
 * `multicluster-rebuild-collections-on-update`).
 */
export function restartIstiodStep(cluster: Cluster): KubeStep {
  const unmark = (names: readonly string[]) =>
    cluster.kubectl([
      ...['--namespace', systemNamespace, 'annotate', 'secret'],
      ...[...names, `${replacedAnnotation}-`],
    ])
  return {
    name: `renew istiod of ${cluster.name} if a remote secret was replaced`,
    commands: [restartCommand(cluster, istiod), unmark(['REPLACED-SECRETS'])],
    isDone: async (context) => (await replacedSecrets(cluster, context)).length === 0,
    run: async (context) => {
      const names = await replacedSecrets(cluster, context)
      await restart(cluster, istiod, context)
      await cluster.call(unmark(names), context)
    },
  }
}
