import { Writable } from 'node:stream'
import type { CliContext } from '../context.ts'

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })

/** For verbs of which only the command line matters: nothing is printed, and no exit code is set. */
export const silentContext: CliContext = {
  stdout: nowhere,
  stderr: nowhere,
  env: {},
  stoppable: async (work) => await work(new AbortController().signal),
  underSignals: async (_take, work) => await work(),
  setExitCode: () => {},
}
