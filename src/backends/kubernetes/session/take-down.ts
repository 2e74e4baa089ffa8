import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, HopmeterError } from '../../../errors.ts'
import type { StepContext } from '../steps/step.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import type { ClaimedCluster, Session } from './session.ts'

export const deleteTimeoutMs = 180_000
const removalAttempts = 3
const retryPauseMs = 300

/** How a backend removes what a session of it claims. Every removal can be done again. */
export interface Release {
  /** Undoes what a process that is gone left in what stands, so that it can be asked and removed. */
  repair?(tools: Toolbox, session: Session, context: StepContext): Promise<void>
  cluster(tools: Toolbox, session: Session, claimed: ClaimedCluster, context: StepContext): Promise<void>
  /** Of a Docker container beside the clusters. */
  container(tools: Toolbox, session: Session, name: string, context: StepContext): Promise<void>
}

/**
 * Deletes what the session's state file and a marker inside both claim, then the state file. What is claimed by one of
 * them only stays, and is told.
 * @throws HopmeterError when something had to stay or could not be deleted; the state file stays then, too.
 */
export async function takeDown(
  tools: Toolbox,
  session: Session,
  release: Release,
  context: StepContext,
): Promise<void> {
  const problems: HopmeterError[] = []
  const attempt = async (work: () => Promise<void>) => {
    const problem = await withRetries(work, context)
    if (problem) problems.push(problem)
  }
  // What still stands still can be removed all the same.
  await withRetries(async () => await release.repair?.(tools, session, context), context)
  await Promise.all(
    session.state.containers.map((name) =>
      attempt(async () => {
        await release.container(tools, session, name, context)
        session.dropContainer(name)
      }),
    ),
  )
  await Promise.all(
    session.state.clusters.map((cluster) =>
      attempt(async () => {
        await release.cluster(tools, session, cluster, context)
        session.dropCluster(cluster.name)
      }),
    ),
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
export class StillThereError extends HopmeterError {
  override name = 'StillThereError'
}

/** A daemon that hiccups must not make us leave clusters behind. */
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
