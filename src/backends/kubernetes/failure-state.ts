import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { makeFolder } from '../../make-folder.ts'
import { withoutSecrets } from '../../redact.ts'
import { meshNamespace, plainNamespace } from '../../plan/names.ts'
import type { Cluster } from './cluster/cluster.ts'
import { isAboutImage } from './steps/missing-image.ts'
import type { ServiceMesh, StateFile } from './mesh.ts'
import type { Session } from './session/session.ts'
import type { StepContext } from './steps/step.ts'
import type { Toolbox } from './tools/toolbox.ts'

export interface FailureParts {
  readonly tools: Toolbox
  readonly session: Session
  readonly clusters: readonly Cluster[]
  readonly mesh: ServiceMesh | undefined
  /** What failed, where that is known. */
  readonly failure?: unknown
}

/**
 * Keeps what the clusters of a testbed say after a failure: nodes and their logs, objects and events, what the mesh
 * believes. Of clusters that hopmeter did not make, its own namespaces only. No secrets and no name of this machine.
 * Never throws: the failure itself is the news.
 */
export async function saveFailureState(
  parts: FailureParts,
  folder: string,
  context: StepContext,
): Promise<void> {
  for (const cluster of parts.clusters) {
    const isClaimed = parts.session.cluster(cluster.name) !== undefined
    if (isClaimed && !context.signal.aborted) {
      await saveCluster(parts, cluster, path.join(folder, cluster.name), context)
    }
  }
}

async function saveCluster(
  { tools, mesh, failure }: FailureParts,
  cluster: Cluster,
  folder: string,
  context: StepContext,
): Promise<void> {
  const { signal, progress, note = progress } = context
  progress(`keep what cluster ${cluster.name} says`)
  const failed: { readonly what: string; readonly why: string }[] = []
  const attempt = async (what: string, work: () => Promise<void> | void) => {
    try {
      if (!signal.aborted) await work()
    } catch (error) {
      const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
      if (!signal.aborted) failed.push({ what, why })
    }
  }
  const keepAll = async (files: readonly StateFile[]) => {
    for (const { file, command } of files) {
      await attempt(file, async () =>
        writeFileSync(path.join(folder, file), withoutSecrets(await tools.outputOf(command, context))),
      )
    }
  }
  await attempt('everything', () => makeFolder(folder))
  await keepAll(objectFiles(cluster))
  if (cluster.nodes) {
    const { nodes } = cluster
    await keepAll((await mesh?.stateFiles(cluster, context)) ?? [])
    if (!isAboutImage(failure))
      await attempt('nodes', () => nodes.saveLogs(path.join(folder, 'nodes'), context))
  }
  if (failed.length > 0) {
    const names = failed.map(({ what }) => what).join(', ')
    note(`not kept of cluster ${cluster.name}: ${names}: ${failed[0]?.why}`)
  }
}

function objectFiles(cluster: Cluster): readonly StateFile[] {
  const isOurs = cluster.nodes !== undefined
  const kinds = isOurs ? 'nodes,pods,services,events' : 'pods,services,events'
  const scopes = isOurs
    ? [['--all-namespaces']]
    : [meshNamespace, plainNamespace].map((name) => ['--namespace', name])
  return scopes.flatMap((scope) => {
    const suffix = isOurs ? '' : `-${scope[1]}`
    return [
      {
        file: `objects${suffix}.txt`,
        command: cluster.kubectl(['get', kinds, ...scope, '--output', 'wide']),
      },
      { file: `pods${suffix}.txt`, command: cluster.kubectl(['describe', 'pods', ...scope]) },
    ]
  })
}
