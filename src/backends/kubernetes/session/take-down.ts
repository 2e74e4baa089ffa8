import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, HopmeterError } from '../../../errors.ts'
import { deleteCommand } from '../../kind/cluster/cluster-steps.ts'
import { foreignCluster, markerState, nodeContainers, sessionLabel } from '../../kind/cluster/ownership.ts'
import { kindNodeNames, type KindCluster } from '../cluster/layout.ts'
import type { StepContext } from '../steps/step.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import type { ClaimedCluster, Session } from './session.ts'

const deleteTimeoutMs = 180_000
const removalAttempts = 3
const retryPauseMs = 300

/**
 * Deletes what the session's state file and a marker inside both claim, then the state file. What is claimed by one of
 * them only stays, and is told.
 * @throws HopmeterError when something had to stay or could not be deleted; the state file stays then, too.
 */
export async function takeDown(tools: Toolbox, session: Session, context: StepContext): Promise<void> {
  const problems: HopmeterError[] = []
  const attempt = async (work: () => Promise<void>) => {
    const problem = await withRetries(work, context)
    if (problem) problems.push(problem)
  }
  await Promise.all(
    session.state.containers.map((name) => attempt(() => removeContainer(tools, session, name, context))),
  )
  await Promise.all(
    session.state.clusters.map((cluster) => attempt(() => removeCluster(tools, session, cluster, context))),
  )
  const [first] = problems
  if (!first) {
    session.remove()
    return
  }
  const hints = [...new Set(problems.flatMap(({ hint }) => hint ?? []))].join('; ')
  throw new HopmeterError(problems.map(({ message }) => message).join('; '), {
    cause: first.cause ?? first,
    hint: hints === '' ? `hopmeter down ${session.state.name}, once that is repaired` : hints,
  })
}

/** A program said that it removed something, and it is still there. */
class StillThereError extends HopmeterError {
  override name = 'StillThereError'
}

/** Every removal can be done again, and a daemon that hiccups must not make us leave clusters behind. */
async function withRetries(
  work: () => Promise<void>,
  { signal }: StepContext,
): Promise<HopmeterError | undefined> {
  for (let left = removalAttempts - 1; ; left--) {
    try {
      await work()
      return undefined
    } catch (error) {
      const isPassing = error instanceof CommandError || error instanceof StillThereError
      const isFinal = left === 0 || signal.aborted || !isPassing
      if (isFinal)
        return error instanceof HopmeterError ? error : new HopmeterError(String(error), { cause: error })
    }
    await sleep(retryPauseMs)
  }
}

async function removeCluster(
  tools: Toolbox,
  session: Session,
  claimed: ClaimedCluster,
  context: StepContext,
): Promise<void> {
  const { name, kindName } = claimed
  if (kindName === null) {
    await removeNamespaces(tools, session, claimed, context)
    session.dropCluster(name)
    return
  }
  const containers = await nodeContainers(tools, kindName, session.id, context)
  if (containers.length > 0) {
    if (containers.some(({ marked }) => !marked)) throw foreignCluster(kindName)
    const cluster: KindCluster = {
      ...claimed,
      kindName,
      nodeNames: kindNodeNames(kindName, containers.length),
      spec: { name, network: '', podCidr: '', serviceCidr: '', nodes: containers.length },
    }
    // A node that is stopped or half made has no API to ask; then its own marker has to do.
    const isAnswering = claimed.status === 'marked' && containers.every(({ running }) => running)
    const marker = isAnswering ? await markerState(tools, cluster, session.id, context) : 'unknown'
    if (marker === 'foreign' || marker === 'missing') throw foreignCluster(kindName)
    context.progress(`delete cluster ${name}`)
    await tools.call(deleteCommand(tools, cluster), { ...context, timeoutMs: deleteTimeoutMs })
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
  session.dropCluster(name)
}

/** In a cluster of the user's: the namespaces that carry this session's marker, and nothing else. */
async function removeNamespaces(
  tools: Toolbox,
  session: Session,
  cluster: ClaimedCluster,
  context: StepContext,
): Promise<void> {
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
  if (found !== '') {
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
  session.dropContainer(name)
}
