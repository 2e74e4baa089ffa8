import { HopmeterError } from '../../../errors.ts'
import type { StepContext } from '../steps/step.ts'
import { createToolbox } from '../tools/create-toolbox.ts'
import { stateFolder } from '../tools/folders.ts'
import type { KubernetesOptions } from '../tools/options.ts'
import { Session, type SessionState } from './session.ts'
import { takeDown, type Release } from './take-down.ts'

/** Testbeds by name, all, or those that no living process works on and nobody wanted kept. */
export type WhichSessions = readonly string[] | 'all' | 'orphans'

/**
 * Takes testbeds down.
 * @returns names of those that are gone.
 * @throws HopmeterError when one could not be taken down; the others are.
 */
export async function takeDownEach(
  which: WhichSessions,
  releaseOf: (backend: SessionState['backend']) => Promise<Release>,
  context: StepContext,
  options: KubernetesOptions = {},
): Promise<readonly string[]> {
  const root = stateFolder(options.stateRoot)
  const names = typeof which === 'string' ? Session.names(root) : which
  const gone: string[] = []
  const problems: HopmeterError[] = []
  for (const name of names) {
    context.signal.throwIfAborted()
    try {
      const session = Session.find(root, name)
      if (!session) continue
      if (which === 'orphans' && (session.state.kept || session.holder() !== undefined)) continue
      const end = session.lease()
      const tools = createToolbox(options, { kubeCache: session.file('kube-cache') })
      try {
        await takeDown(tools, session, await releaseOf(session.state.backend), context)
        gone.push(name)
      } finally {
        end()
      }
    } catch (error) {
      context.signal.throwIfAborted()
      problems.push(
        error instanceof HopmeterError ? error : new HopmeterError(String(error), { cause: error }),
      )
    }
  }
  const [first] = problems
  if (!first) return gone
  throw new HopmeterError(problems.map(({ message }) => message).join('\n'), {
    cause: first.cause,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  })
}
