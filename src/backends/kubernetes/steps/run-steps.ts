import { CommandError, HopmeterError } from '../../../errors.ts'
import type { KubeStep, Phase, StepContext } from './step.ts'

/**
 * Brings every phase to the state that its steps describe. Steps of one phase run side by side; the first failure stops
 * the others of its phase before anything else happens.
 * @throws HopmeterError that names the step.
 */
export async function runPhases(phases: readonly Phase[], context: StepContext): Promise<void> {
  for (const phase of phases) {
    context.signal.throwIfAborted()
    const stop = new AbortController()
    const signal = AbortSignal.any([context.signal, stop.signal])
    let first: unknown
    await Promise.all(
      phase.map(async (step) => {
        try {
          await runStep(step, { ...context, signal })
        } catch (error) {
          first ??= error
          stop.abort(error)
        }
      }),
    )
    context.signal.throwIfAborted()
    if (first !== undefined) throw first
  }
}

async function runStep(step: KubeStep, context: StepContext): Promise<void> {
  try {
    if (await step.isDone(context)) return
    context.progress(step.name)
    await step.run(context)
    // A program that says it succeeded may still have done nothing.
    if (!(await step.isDone(context))) throw new HopmeterError('it ran, but its result is not there')
  } catch (error) {
    throw failed(step.name, error)
  }
}

/** Which step failed, and what the program said. */
export function failed(step: string, error: unknown): HopmeterError {
  if (error instanceof HopmeterError && error.name !== 'CommandError') {
    return error.message.startsWith(step)
      ? error
      : new StepError(`${step}: ${error.message}`, error, error.hint)
  }
  const message = error instanceof Error ? error.message : String(error)
  return new StepError(`${step}: ${message}`, error, hintFor(error))
}

export class StepError extends HopmeterError {
  override name = 'StepError'

  constructor(message: string, cause: unknown, hint?: string) {
    super(message, hint === undefined ? { cause } : { cause, hint })
  }
}

function hintFor(error: unknown): string | undefined {
  if (!(error instanceof CommandError)) return undefined
  if (error.reason === 'missing') return 'hopmeter doctor --backend kind says how to get it'
  if (error.reason === 'timeout') return 'hopmeter doctor --backend kind checks memory and daemon'
  return undefined
}

/** Does a part of a bring-up that is no step of its list. @throws HopmeterError that names it. */
export async function inStep<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw failed(name, error)
  }
}
