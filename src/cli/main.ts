#!/usr/bin/env node
import { CommanderError } from 'commander'
import { EnvironmentError, HopmeterError, InternalError, InterruptedError, exitCodes } from '../errors.ts'
import { wasOutputClosed } from './closed-output.ts'
import { describeError, say, type CliContext } from './context.ts'
import { dropEmptyVariables } from './empty-values.ts'
import { endAtOnce } from './end-at-once.ts'
import { createProgram } from './program.ts'

const stop = new AbortController()
let endsInOrder = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!endsInOrder) {
      process.stderr.write(`\n${signal}: stopped\n`)
      endAtOnce(signal)
    }
    if (stop.signal.aborted) {
      // The lab dies with this process; nothing is left to take down by hand.
      process.stderr.write(
        'stopped at once; what was recorded is kept (kind clusters may be left: hopmeter down --orphans)\n',
      )
      endAtOnce(signal)
    }
    process.stderr.write(`\n${signal}: stopping, results so far are kept (again to stop at once)\n`)
    stop.abort(new InterruptedError(signal))
  })
}

// Progress and warnings are not worth a run: whoever read them is gone, or their terminal is.
process.stderr.on('error', () => {})

// A reader that closes early (`hopmeter list | head -1`) is no failure, and what it read does not change the verdict.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') answerLost(`cannot write the results: ${error.message}`)
})

let isAnswerLost = false

/** An answer that nobody could get is a failure, unless there is more to say of it. */
function answerLost(why: string): void {
  if (isAnswerLost) return
  isAnswerLost = true
  say(context, `Error: ${why}`)
  process.once('exit', () => {
    process.exitCode ||= exitCodes.failure
  })
}

// An error that nobody caught ends work in order, so that nothing is lost or left; a second one changes nothing.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    if (stop.signal.aborted) return
    if (endsInOrder) {
      stop.abort(new InternalError(error))
      return
    }
    process.exit(exitCodeOf(error))
  })
}

const context: CliContext = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  stoppable: async (work) => {
    endsInOrder = true
    try {
      return await work(stop.signal)
    } finally {
      endsInOrder = false
    }
  },
  setExitCode: (code) => {
    process.exitCode = code
  },
}

dropEmptyVariables(process.env)

try {
  if (wasOutputClosed()) {
    throw new EnvironmentError('standard output is closed, so there is nowhere to print to', {
      hint: 'leave it open, or say > /dev/null',
    })
  }
  const args = process.argv.slice(2)
  const program = await createProgram(context, args)
  await program.parseAsync(args, { from: 'user' })
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function exitCodeOf(thrown: unknown): number {
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
