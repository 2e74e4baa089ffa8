import { UsageError } from '../../errors.ts'
import { sessionLabel } from '../kubernetes/session/ownership.ts'
import type { ClaimedCluster, Session } from '../kubernetes/session/session.ts'
import { deleteTimeoutMs, StillThereError, type Release } from '../kubernetes/session/take-down.ts'
import type { StepContext } from '../kubernetes/steps/step.ts'
import type { Toolbox } from '../kubernetes/tools/toolbox.ts'

/** In a cluster of the user's: the namespaces that carry this session's marker, and nothing else. */
export const namespacesOnly: Release = {
  cluster: async (tools, session, cluster, context) => {
    const names = await ownNamespaces(tools, session, cluster, context)
    if (names.length === 0) return
    context.progress(`delete ${names.join(' and ')} of ${cluster.name}`)
    const remove = tools.kubectl(cluster, ['delete', 'namespace', '--ignore-not-found', ...names])
    await tools.call(remove, { ...context, timeoutMs: deleteTimeoutMs })
    const left = await ownNamespaces(tools, session, cluster, context)
    if (left.length > 0) {
      throw new StillThereError(`${left.join(' and ')} of cluster "${cluster.name}" are still there`, {
        hint: `kubectl --context ${cluster.context} get namespace ${left.join(' ')} --output yaml says why`,
      })
    }
  },
  container: (_tools, _session, name) =>
    Promise.reject(new UsageError(`container "${name}" is not of a testbed on your clusters`)),
}

async function ownNamespaces(
  tools: Toolbox,
  session: Session,
  cluster: ClaimedCluster,
  context: StepContext,
): Promise<readonly string[]> {
  const of = ['--selector', `${sessionLabel}=${session.id}`]
  const list = await tools.json<{ items?: readonly { readonly metadata: { readonly name: string } }[] }>(
    tools.kubectl(cluster, ['get', 'namespaces', ...of, '--output', 'json']),
    context,
  )
  return (list.items ?? []).map(({ metadata }) => metadata.name)
}
