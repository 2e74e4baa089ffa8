import { CommanderError } from 'commander'
import { EnvironmentError, HopmeterError, InternalError, exitCodes } from '../errors.ts'
import { closedOutput } from './closed-output.ts'
import { describeError, print, say, type CliContext } from './context.ts'
import { createProgram } from './program.ts'

/**
 * Runs one command line from its words to its end, whatever that is, and says with which code the process should
 * exit; undefined when the verb is done and has said itself what there is to say.
 */
export async function invoke(context: CliContext, args: readonly string[]): Promise<number | undefined> {
  try {
    const which = closedOutput(context.env)
    if (which === 1) throw closed('standard output', '> /dev/null')
    if (which === 2) {
      // There is no other place for it.
      print(context, describeError(closed('standard error', '2> /dev/null')))
      return exitCodes.failure
    }
    const program = await createProgram(context, args)
    await program.parseAsync([...args], { from: 'user' })
    return undefined
  } catch (error) {
    return exitCodeOf(context, error)
  }
}

function closed(what: string, discard: string): EnvironmentError {
  const hint = `leave it open, or say ${discard}`
  return new EnvironmentError(`${what} is closed, so there is nowhere to print to`, { hint })
}

/** Says what went wrong; the code that the process should exit with. */
export function exitCodeOf(context: CliContext, thrown: unknown): number {
  const error = thrown instanceof InternalError ? thrown.cause : thrown
  // Commander has printed its message; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (error instanceof HopmeterError) {
    say(context, describeError(error))
    return error.exitCode
  }
  if ((error as NodeJS.ErrnoException).syscall === 'uv_cwd') {
    const hint = 'cd to a folder that exists (cd . where it was made again)'
    say(context, describeError(new EnvironmentError('the working folder does not exist any more', { hint })))
    return exitCodes.failure
  }
  say(
    context,
    `Error: a bug in hopmeter, please report it\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  )
  return exitCodes.failure
}
