#!/usr/bin/env node
import { CommanderError } from 'commander'
import { EnvironmentError, HopmeterError, InterruptedError, exitCodes } from '../errors.ts'
import { isOutputClosed } from './closed-output.ts'
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
if (isOutputClosed()) answerLost('cannot write the results: standard output is closed')

try {
  await createProgram(context).parseAsync(process.argv)
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function exitCodeOf(error: unknown): number {
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
