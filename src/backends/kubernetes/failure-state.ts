import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { makeFolder } from '../../make-folder.ts'
import { meshNamespace, plainNamespace } from '../plan.ts'
import type { KindCluster } from './cluster/layout.ts'
import type { MeshPart, StateFile } from './mesh.ts'
import type { Session } from './session/session.ts'
import type { StepContext } from './steps/step.ts'
import type { Toolbox } from './tools/toolbox.ts'

const exportTimeoutMs = 120_000

export interface FailureParts {
  readonly tools: Toolbox
  readonly session: Session
  readonly clusters: readonly KindCluster[]
  readonly mesh: MeshPart | undefined
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
    const claim = parts.session.cluster(cluster.name)
    if (claim && !context.signal.aborted) {
      await saveCluster(parts, cluster, claim.kindName !== null, path.join(folder, cluster.name), context)
    }
  }
}

async function saveCluster(
  { tools, mesh }: FailureParts,
  cluster: KindCluster,
  isOurs: boolean,
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
        writeFileSync(path.join(folder, file), await tools.said(command, context)),
      )
    }
  }
  await attempt('everything', () => makeFolder(folder))
  await keepAll(objectFiles(tools, cluster, isOurs))
  if (isOurs) {
    await keepAll((await mesh?.stateFiles(cluster, context)) ?? [])
    await attempt('nodes', () => exportNodes(tools, cluster, path.join(folder, 'nodes'), context))
  }
  if (failed.length > 0) {
    const names = failed.map(({ what }) => what).join(', ')
    note(`not kept of cluster ${cluster.name}: ${names}: ${failed[0]?.why}`)
  }
}

function objectFiles(tools: Toolbox, cluster: KindCluster, isOurs: boolean): readonly StateFile[] {
  const kinds = isOurs ? 'nodes,pods,services,events' : 'pods,services,events'
  const scopes = isOurs
    ? [['--all-namespaces']]
    : [meshNamespace, plainNamespace].map((name) => ['--namespace', name])
  return scopes.flatMap((scope) => {
    const suffix = isOurs ? '' : `-${scope[1]}`
    return [
      {
        file: `objects${suffix}.txt`,
        command: tools.kubectl(cluster, ['get', kinds, ...scope, '--output', 'wide']),
      },
      { file: `pods${suffix}.txt`, command: tools.kubectl(cluster, ['describe', 'pods', ...scope]) },
    ]
  })
}

async function exportNodes(
  tools: Toolbox,
  { kindName }: KindCluster,
  folder: string,
  context: StepContext,
): Promise<void> {
  const command = tools.kind(['export', 'logs', '--name', kindName, folder])
  await tools.call(command, { ...context, timeoutMs: exportTimeoutMs })
  // It names this machine, which results do not.
  rmSync(path.join(folder, 'docker-info.txt'), { force: true })
}
