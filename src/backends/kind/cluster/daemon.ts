import { HopmeterError } from '../../../errors.ts'
import type { Session } from '../../kubernetes/session/session.ts'
import { checkStep, type KubeStep, type StepContext } from '../../kubernetes/steps/step.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'

/**
 * Before anything is made: the session remembers in which Docker it is made. `DOCKER_HOST` or a docker context can lead
 * to another one later, where nothing of it is found; that must not count as gone.
 */
export function daemonStep(tools: Toolbox, session: Session | undefined): KubeStep {
  return checkStep('check that Docker is that of this testbed', [infoCommand(tools)], async (context) => {
    if (!session) return
    const daemon = await daemonId(tools, context)
    if (session.state.daemon === undefined) {
      if (daemon !== undefined) session.update((state) => ({ ...state, daemon }))
    } else if (daemon !== session.state.daemon) {
      throw otherDaemon(session)
    }
  })
}

/** For what is not there: whether it is gone, or only not in this Docker. @throws HopmeterError in that case. */
export async function requireSameDaemon(
  tools: Toolbox,
  session: Session,
  context: Pick<StepContext, 'signal'>,
): Promise<void> {
  if (session.state.daemon === undefined) return
  if ((await daemonId(tools, context)) !== session.state.daemon) throw otherDaemon(session)
}

/** As the daemon calls itself, for as long as its data lives; undefined for one that has no such name. */
async function daemonId(
  tools: Toolbox,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<string | undefined> {
  const { ID: id } = await tools.json<{ readonly ID?: string }>(infoCommand(tools), { signal })
  return id === undefined || id === '' ? undefined : id
}

function infoCommand(tools: Toolbox) {
  return tools.docker(['info', '--format', '{{json .}}'])
}

function otherDaemon({ folder, state }: Session): HopmeterError {
  return new HopmeterError(
    `testbed "${state.name}" was made in another Docker than the one that answers now`,
    {
      hint: `choose that one (DOCKER_HOST, docker context use); if it is gone for good with all that it had, remove ${folder}`,
    },
  )
}
