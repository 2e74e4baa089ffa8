import { Writable } from 'node:stream'
import { HopmeterError } from '../../errors.ts'
import { describeError, say, type CliContext } from '../context.ts'
import { createProgram } from '../program.ts'

export interface Answer {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/** The command line without a process of its own: as `main` does it, for tests that ask it a thousand times. */
export async function answer(args: readonly string[]): Promise<Answer> {
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
    env: {},
    stoppable: (work) => work(new AbortController().signal),
    setExitCode: (own) => {
      code = own
    },
  }
  try {
    const program = await createProgram(context, args)
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (error instanceof HopmeterError) say(context, describeError(error))
    // Commander has said it; whatever else is a bug, and the test is to see it.
    else if (!(error as Error).name.startsWith('Commander')) throw error
    code = (error as { exitCode?: number }).exitCode ?? 1
  }
  return { ...out, code }
}
