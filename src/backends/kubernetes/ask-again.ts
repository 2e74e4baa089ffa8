import { setTimeout as sleep } from 'node:timers/promises'
import { HopmeterError } from '../../errors.ts'

const attempts = 3
const pauseMs = 300

/** Reads evidence; what hiccups now may answer a moment later. @throws HopmeterError when it fails every time. */
export async function askAgain<T>(what: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (let left = attempts - 1; ; left--) {
    try {
      return await ask()
    } catch (cause) {
      signal.throwIfAborted()
      if (left === 0) {
        throw new HopmeterError(`evidence of ${what} cannot be read`, {
          cause,
          hint: 'the path of this round cannot be proven without it; is the testbed still up?',
        })
      }
    }
    await sleep(pauseMs, undefined, { signal })
  }
}
