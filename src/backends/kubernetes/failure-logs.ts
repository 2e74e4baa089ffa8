import path from 'node:path'
import { makeFolder } from '../../make-folder.ts'
import type { StepContext } from './contract.ts'
import type { Session } from './session.ts'
import type { Toolbox } from './toolbox.ts'

/** Keeps what the nodes say of a bring-up that failed. Never throws: the failure itself is the news. */
export async function saveFailureLogs(
  tools: Toolbox,
  session: Session,
  folder: string,
  context: StepContext,
): Promise<void> {
  for (const { name, kindName } of session.state.clusters) {
    if (kindName === null) continue
    try {
      const target = path.join(folder, name)
      makeFolder(target)
      context.progress(`export logs of cluster ${name}`)
      await tools.call(tools.kind(['export', 'logs', '--name', kindName, target]), {
        ...context,
        timeoutMs: 120_000,
      })
    } catch (error) {
      const first = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
      context.progress(`no logs of cluster ${name}: ${first}`)
    }
  }
}
