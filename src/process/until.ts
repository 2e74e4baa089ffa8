import { setTimeout as sleep } from 'node:timers/promises'

/** Time as a wait sees it; tests bring their own. */
export interface Clock {
  nowMs(): number
  /** Rejects with the signal's reason when that aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, signal ? { signal } : {})
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
}

export interface UntilOptions {
  /** Between two checks; or how long after so many. */
  readonly everyMs: number | ((checks: number) => number)
  /** How long to go on; the check that is under way at that time still counts. */
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock | undefined
}

/**
 * Asks at once and then again and again, until there is an answer; an abort ends it even while a check is under way.
 * @returns the first answer that is not undefined; undefined when the deadline passed without one.
 * @throws what a check throws, and the signal's reason when that aborts.
 */
export async function until<T>(
  check: () => T | undefined | Promise<T | undefined>,
  { everyMs, deadlineMs, signal, clock = systemClock }: UntilOptions,
): Promise<T | undefined> {
  const endMs = clock.nowMs() + deadlineMs
  const pauseMs = typeof everyMs === 'number' ? () => everyMs : everyMs
  for (let checks = 1; ; checks++) {
    signal?.throwIfAborted()
    const answer = await orAborted(Promise.resolve(check()), signal)
    if (answer !== undefined) return answer
    const leftMs = endMs - clock.nowMs()
    if (leftMs <= 0) return undefined
    await clock.sleep(Math.min(pauseMs(checks), leftMs), signal)
  }
}

/** What a promise gives, unless the signal aborts first; then it may end when it likes. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await work
  let onAbort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
