#!/usr/bin/env node
import { InterruptedError, exitCodes } from '../errors.ts'
import type { CliContext } from './context.ts'
import { endAtOnce } from './end-at-once.ts'
import { invoke } from './invoke.ts'

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

// A reader that closes early (`hopmeter list | head -1`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok)
  process.stderr.write(`Error: cannot write the results: ${error.message}\n`)
  process.exit(exitCodes.failure)
})

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

const code = await invoke(context, process.argv.slice(2))
if (code !== undefined) process.exitCode = code
