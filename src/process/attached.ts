import { constants } from 'node:os'
import { execa } from 'execa'
import { CommandError } from '../errors.ts'
import { pasteable } from '../shell-words.ts'
import { dyingWithUs } from './death-signal.ts'

/** A program that has our own standard input, output and error, and our terminal. */
export interface Attached {
  readonly pid: number | undefined
  /**
   * How it ended, as a shell says it: its exit code, or 128 and the number of the signal.
   * Rejects with a CommandError when it could not be started.
   */
  readonly exitCode: Promise<number>
}

/**
 * Starts a program in our place. Signals of the terminal reach it by themselves.
 * @param env beside our own environment
 */
export function attach(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> & { readonly PATH: string },
): Attached {
  const words = dyingWithUs(file, args, env.PATH)
  const child = execa(words.file, words.args, { env, stdio: 'inherit', reject: false, cleanup: false })
  const exitCode = child.then((ended) => {
    if (ended.signal !== undefined) return 128 + (constants.signals[ended.signal] ?? 0)
    if (ended.exitCode !== undefined) return ended.exitCode
    const command = pasteable(file, args)
    const message = `${file} could not be started: ${command}`
    throw new CommandError(message, { reason: 'missing', command, output: '', cause: ended })
  })
  return { pid: child.pid, exitCode }
}
