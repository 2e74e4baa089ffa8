import { HopmeterError, UsageError } from '../../../errors.ts'
import { sessionLabel } from '../../kubernetes/session/ownership.ts'
import type { ClaimedCluster, Session } from '../../kubernetes/session/session.ts'
import { deleteTimeoutMs, StillThereError, type Release } from '../../kubernetes/session/take-down.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { deleteCommand } from './create-cluster.ts'
import { requireSameDaemon } from './daemon.ts'
import { foreignCluster, markerState, nodeContainers } from './ownership.ts'

/** Whole clusters and the containers beside them. */
export const clusterRelease: Release = {
  cluster: removeCluster,
  container: removeContainer,
}

async function removeCluster(
  tools: Toolbox,
  session: Session,
  claimed: ClaimedCluster,
  context: StepContext,
): Promise<void> {
  const { name, kindName, kubeconfig } = claimed
  if (kindName === null) throw new UsageError(`cluster "${name}" is the user's`)
  const containers = await nodeContainers(tools, kindName, session.id, context)
  if (containers.length === 0) return await requireSameDaemon(tools, session, context)
  if (containers.some(({ marked }) => !marked)) throw foreignCluster(kindName)
  // A node that is stopped or half made has no API to ask; then its own marker has to do.
  const isAnswering = claimed.status === 'marked' && containers.every(({ running }) => running)
  const marker = isAnswering ? await markerState(tools, claimed, session.id, context) : 'unknown'
  if (marker === 'foreign' || marker === 'missing') throw foreignCluster(kindName)
  context.progress(`delete cluster ${name}`)
  const remove = deleteCommand(tools, { kindName, kubeconfig })
  await tools.call(remove, { ...context, timeoutMs: deleteTimeoutMs })
  const left = await nodeContainers(tools, kindName, session.id, context)
  if (left.length > 0) {
    throw new StillThereError(
      `kind deleted cluster "${kindName}", but ${left.length} of its nodes are still there`,
      {
        hint: `docker rm --force ${left.map((node) => node.name).join(' ')}`,
      },
    )
  }
}

async function removeContainer(
  tools: Toolbox,
  session: Session,
  name: string,
  context: StepContext,
): Promise<void> {
  // Empty where there is no such container; one without our label has an answer, too.
  const format = `{{.Names}}\t{{.Label "${sessionLabel}"}}`
  const find = tools.docker(['ps', '--all', '--filter', `name=^/?${name}$`, '--format', format])
  const found = (await tools.call(find, context)).trim()
  if (found === '') return await requireSameDaemon(tools, session, context)
  if (found !== `${name}\t${session.id}`) {
    throw new HopmeterError(`container "${name}" is not this testbed's`, {
      hint: `if it can go: docker rm -f ${name}`,
    })
  }
  await tools.call(tools.docker(['rm', '--force', '--volumes', name]), context)
  if ((await tools.call(find, context)).trim() !== '') {
    throw new StillThereError(`docker removed container "${name}", but it is still there`, {
      hint: `docker rm --force ${name}`,
    })
  }
}
