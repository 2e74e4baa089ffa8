import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { SecretObject } from '../../kubernetes/cluster/objects.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { systemNamespace } from '../../../plan/names.ts'

/** Secrets by which the istiod of a cluster reads other clusters. @throws CommandError */
export function readRemoteSecrets(
  cluster: Cluster,
  context: Pick<StepContext, 'signal'>,
): Promise<readonly SecretObject[]> {
  const of = { namespace: systemNamespace, selector: 'istio/multiCluster=true' }
  return cluster.list<SecretObject>('secrets', of, context)
}

/** API server in a remote secret's kubeconfig (base64), or undefined when there is none. */
export function remoteServer(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined
  return /^\s*server:\s*["']?([^\s"']+)/m.exec(Buffer.from(encoded, 'base64').toString())?.[1]
}
