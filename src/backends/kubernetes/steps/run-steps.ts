import { CommandError, HopmeterError } from '../../../errors.ts'
import type { KubeStep, Phase, Readiness, StepContext } from './step.ts'

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
  if (error.message.includes('not found on PATH')) return 'hopmeter doctor --backend kind says how to get it'
  if (error.message.includes('timed out after'))
    return 'hopmeter doctor --backend kind checks memory and daemon'
  return undefined
}

const firstPauseMs = 200
const longestPauseMs = 2000
const tellEveryMs = 15_000

/**
 * Waits until it is ready.
 * @throws HopmeterError after its own deadline, with what was missing and why that mostly is so.
 */
export async function waitUntilReady(
  readiness: Readiness,
  context: StepContext,
  deadlineMs = readiness.deadlineMs,
): Promise<void> {
  const startedAt = performance.now()
  let pauseMs = firstPauseMs
  let told: string | undefined
  let nextTellMs = 0
  for (;;) {
    context.signal.throwIfAborted()
    const missing = await readiness.check(context).catch((error: unknown) => {
      context.signal.throwIfAborted()
      return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
    })
    if (missing === null) return
    const waitedMs = performance.now() - startedAt
    if (waitedMs >= deadlineMs || readiness.isHopeless?.(missing, waitedMs) === true) {
      throw new HopmeterError(
        `${readiness.name}: not so after ${Math.round(waitedMs / 1000)} s: ${missing}`,
        { hint: readiness.explain(missing) },
      )
    }
    // A log wants news, not every look.
    if (missing !== told || waitedMs >= nextTellMs) {
      context.progress(`${readiness.name}: ${missing} (${Math.round(waitedMs / 1000)} s)`)
      told = missing
      nextTellMs = waitedMs + tellEveryMs
    }
    await pause(Math.min(pauseMs, deadlineMs - waitedMs), context.signal)
    pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
