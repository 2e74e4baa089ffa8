import { CommanderError } from 'commander'
import { HopmeterError, exitCodes } from '../errors.ts'
import { describeError, say, type CliContext } from './context.ts'
import { createProgram } from './program.ts'

/**
 * Runs one command line from its words to its end, whatever that is, and says with which code the process should
 * exit; undefined when the verb is done and has said itself what there is to say.
 */
export async function invoke(context: CliContext, args: readonly string[]): Promise<number | undefined> {
  try {
    const program = await createProgram(context, args)
    await program.parseAsync([...args], { from: 'user' })
    return undefined
  } catch (error) {
    return exitCodeOf(context, error)
  }
}

function exitCodeOf(context: CliContext, error: unknown): number {
  // Commander has printed its message; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (error instanceof HopmeterError) {
    say(context, describeError(error))
    return error.exitCode
  }
  say(
    context,
    `Error: a bug in hopmeter, please report it\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  )
  return exitCodes.failure
}
