import type { KindCluster } from '../../kubernetes/cluster/layout.ts'
import type { KubeStep } from '../../kubernetes/steps/step.ts'
import { systemNamespace, type IstioParts } from '../context.ts'
import { replacedAnnotation, replacedSecrets } from './remote-secrets.ts'
import { restart } from './restart.ts'

/**
 * Starts istiod anew where a remote secret was replaced: up to 1.31 it goes on serving what it knew of that cluster
 * before, gateways included, and says "synced" (istio/istio#60033, release note
 * `multicluster-rebuild-collections-on-update`).
 */
export function renewIstiodStep(parts: IstioParts, cluster: KindCluster): KubeStep {
  const { tools } = parts
  const inSystem = ['--namespace', systemNamespace]
  const unmark = (names: readonly string[]) =>
    tools.kubectl(cluster, [...inSystem, 'annotate', 'secret', ...names, `${replacedAnnotation}-`])
  return {
    name: `renew istiod of ${cluster.name} if a remote secret was replaced`,
    commands: [
      tools.kubectl(cluster, [...inSystem, 'rollout', 'restart', 'deployment/istiod']),
      unmark(['REPLACED-SECRETS']),
    ],
    isDone: async (context) => (await replacedSecrets(parts, cluster, context)).length === 0,
    run: async (context) => {
      const names = await replacedSecrets(parts, cluster, context)
      await restart(parts, cluster, 'deployment/istiod', context)
      await tools.call(unmark(names), context)
    },
  }
}
