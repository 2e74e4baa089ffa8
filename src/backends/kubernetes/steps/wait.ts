import { HopmeterError } from '../../../errors.ts'
import { systemClock, until, type Clock } from '../../../process/until.ts'
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
  clock: Clock = systemClock,
): Promise<void> {
  const startedMs = clock.nowMs()
  const tell = teller(readiness.name, context)
  let missing = 'not looked at yet'
  let waitedMs = 0
  const look = async () => {
    const found = await whatIsMissing(readiness, context)
    if (found === null) return 'ready'
    missing = found
    waitedMs = clock.nowMs() - startedMs
    if (readiness.isHopeless?.(missing, waitedMs) === true) return 'hopeless'
    if (waitedMs < deadlineMs) tell(missing, waitedMs)
    return undefined
  }
  const end = await until(look, { everyMs: longerAndLonger, deadlineMs, signal: context.signal, clock })
  if (end === 'ready') return
  throw new HopmeterError(`${readiness.name}: not so after ${Math.round(waitedMs / 1000)} s: ${missing}`, {
    hint: readiness.explain(missing),
  })
}

function longerAndLonger(looks: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 1.5 ** (looks - 1))
}

/** What cannot be found out is missing, too. */
async function whatIsMissing(readiness: Readiness, context: StepContext): Promise<string | null> {
  try {
    return await readiness.check(context)
  } catch (error) {
    context.signal.throwIfAborted()
    return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
  }
}

/** A log wants news, not every look. */
function teller(name: string, { progress }: StepContext) {
  let told: string | undefined
  let nextMs = 0
  return (missing: string, waitedMs: number) => {
    if (missing === told && waitedMs < nextMs) return
    progress(`${name}: ${missing} (${Math.round(waitedMs / 1000)} s)`)
    told = missing
    nextMs = waitedMs + tellEveryMs
  }
}
