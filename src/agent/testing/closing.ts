import { onTestFinished } from 'vitest'

/** Closes a server or client when its test is over, however it ends. */
export function closing<T extends { close(): unknown }>(opened: T): T {
  onTestFinished(async () => void (await opened.close()))
  return opened
}
