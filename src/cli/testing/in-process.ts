import { Writable } from 'node:stream'
import type { CliContext } from '../context.ts'
import { invoke } from '../invoke.ts'

export interface Answer {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/** The command line without a process of its own: as `main` does it, for tests that ask it a thousand times. */
export async function answer(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Answer> {
  const out = { stdout: '', stderr: '' }
  const into = (stream: keyof typeof out) =>
    new Writable({
      decodeStrings: false,
      write(chunk: string | Buffer, _encoding, done) {
        out[stream] += chunk.toString()
        done()
      },
    })
  let code = 0
  const context: CliContext = {
    stdout: into('stdout'),
    stderr: into('stderr'),
    env,
    stoppable: (work) => work(new AbortController().signal),
    underSignals: (_take, work) => work(),
    setExitCode: (own) => {
      code = own
    },
  }
  const end = await invoke(context, args)
  // Here nobody would report it, and the test is to see it.
  if (out.stderr.includes('a bug in hopmeter')) throw new Error(out.stderr)
  return { ...out, code: end ?? code }
}
