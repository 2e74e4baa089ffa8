import type { Session } from '../../kubernetes/session/session.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { requireSameDaemon } from '../cluster/daemon.ts'
import { nodeContainers } from '../cluster/ownership.ts'
import { guardArguments } from './guard-script.ts'

/**
 * Lets clusters run that a process which is gone has frozen: their guards do that by themselves, unless they were
 * killed, too. Asks nothing where no freeze was left. @throws HopmeterError
 */
export async function thawAfterCrash(tools: Toolbox, session: Session, context: StepContext): Promise<void> {
  if (session.state.frozen !== true) return
  // In another Docker there is nothing of it, and that must not count as thawed.
  await requireSameDaemon(tools, session, context)
  context.progress(`let the clusters of ${session.state.name} run again`)
  await Promise.all(
    session.state.clusters.map(async ({ kindName }) => {
      if (kindName === null) return
      const nodes = await nodeContainers(tools, kindName, session.id, context)
      const own = nodes.filter(({ running, marked }) => running && marked)
      await Promise.all(
        // Without a standard input the guard only thaws.
        own.map(({ name }) => tools.call(tools.docker(['exec', name, 'bash', ...guardArguments()]), context)),
      )
    }),
  )
  session.update((state) => ({ ...state, frozen: false }))
}
