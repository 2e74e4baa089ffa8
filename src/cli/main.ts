#!/usr/bin/env node
import { InternalError, InterruptedError, exitCodes } from '../errors.ts'
import { say, type CliContext, type StopSignal } from './context.ts'
import { dropEmptyVariables } from './empty-values.ts'
import { endAtOnce } from './end-at-once.ts'
import { exitCodeOf, invoke } from './invoke.ts'
import { neverWait, waitAside } from './patient-output.ts'

const allWritten = waitAside(process.stdout)
const lastWords = neverWait(process.stderr)

const stop = new AbortController()
let endsInOrder = false
let stopping = ''
let taker: ((signal: StopSignal) => void) | undefined

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (taker) {
      taker(signal)
      return
    }
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
    process.stderr.write(`\n${signal}: ${stopping} (again to stop at once)\n`)
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
    process.exit(exitCodeOf(context, error))
  })
}

const context: CliContext = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  stoppable: async (work, words = 'stopping, results so far are kept') => {
    endsInOrder = true
    stopping = words
    try {
      return await work(stop.signal)
    } finally {
      endsInOrder = false
    }
  },
  underSignals: async (take, work) => {
    taker = take
    try {
      return await work()
    } finally {
      taker = undefined
    }
  },
  setExitCode: (code) => {
    process.exitCode = code
  },
}

dropEmptyVariables(process.env)

const code = await invoke(context, process.argv.slice(2))
if (code !== undefined) process.exitCode = code
if (!(await lastWords())) {
  // Nobody reads our progress, and Node would wait for them.
  await allWritten()
  process.exit()
}
