import { HopmeterError } from '../../../errors.ts'
import type { Readiness, StepContext } from './step.ts'

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
