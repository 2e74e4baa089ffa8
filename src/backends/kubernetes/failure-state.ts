import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { makeFolder } from '../../make-folder.ts'
import type { Command } from '../backend.ts'
import { meshNamespace, plainNamespace } from '../plan.ts'
import type { StepContext } from './contract.ts'
import type { KindCluster } from './layout.ts'
import type { MeshPart } from './mesh-part.ts'
import type { Session } from './session.ts'
import type { Toolbox } from './toolbox.ts'

const exportTimeoutMs = 120_000

/** A question whose answer is kept in a file of that name. */
export interface StateFile {
  readonly file: string
  readonly command: Command
}

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
  const claimed = parts.session.state.clusters
  for (const cluster of parts.clusters) {
    const isOurs = claimed.some(({ name, kindName }) => name === cluster.name && kindName !== null)
    if (!claimed.some(({ name }) => name === cluster.name)) continue
    context.progress(`keep what cluster ${cluster.name} says`)
    const target = path.join(folder, cluster.name)
    const attempt = (what: string, work: () => Promise<void> | void) =>
      attempted(cluster, what, work, context)
    await attempt('folder', () => makeFolder(target))
    for (const { file, command } of objectFiles(parts.tools, cluster, isOurs)) {
      await attempt(file, () => keep(parts.tools, target, { file, command }, context))
    }
    if (!isOurs) continue
    await attempt('mesh', async () => {
      for (const file of (await parts.mesh?.stateFiles(cluster, context)) ?? []) {
        await attempt(file.file, () => keep(parts.tools, target, file, context))
      }
    })
    await attempt('nodes', () => exportNodes(parts.tools, cluster, path.join(target, 'nodes'), context))
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

async function keep(
  tools: Toolbox,
  folder: string,
  { file, command }: StateFile,
  context: StepContext,
): Promise<void> {
  writeFileSync(path.join(folder, file), await tools.said(command, context))
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

async function attempted(
  cluster: KindCluster,
  what: string,
  work: () => Promise<void> | void,
  { signal, progress, note = progress }: StepContext,
): Promise<void> {
  if (signal.aborted) return
  try {
    await work()
  } catch (error) {
    if (signal.aborted) return
    const first = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
    note(`not kept of cluster ${cluster.name}: ${what}: ${first}`)
  }
}
