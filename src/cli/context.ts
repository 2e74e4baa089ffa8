import { z } from 'zod'
import type { HopmeterError } from '../errors.ts'
import { printableLines } from '../terminal-text.ts'

/** Everything a verb touches of the process that runs it; tests pass their own. */
export interface CliContext {
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
  readonly stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
  readonly env: Readonly<Record<string, string | undefined>>
  /**
   * Does work that ends in order when it is stopped. Its signal is aborted by the first Ctrl-C or SIGTERM, with an
   * InterruptedError as the reason. Outside of such work either ends the process at once.
   */
  readonly stoppable: <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>
  /** For a verb that ends in order but with a code of its own. */
  readonly setExitCode: (code: number) => void
}

/** Writes a result. Results are the only thing on standard output. */
export function print(context: CliContext, text: string): void {
  context.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** Width of the terminal that results go to; undefined for files and pipes, which stay plain. */
export function terminalColumns({ stdout }: CliContext): number | undefined {
  return stdout.isTTY ? stdout.columns : undefined
}

/** Writes what is not a result: warnings, hints. */
export function say(context: CliContext, text: string): void {
  context.stderr.write(`${text}\n`)
}

/** An error as the user reads it: what happened, why, what next. */
export function describeError(error: HopmeterError): string {
  const lines = [`Error: ${error.message}`]
  let cause = error.cause
  while (cause instanceof Error && lines.length < 4) {
    const first = firstLine(cause)
    if (first !== '' && !error.message.includes(first)) lines.push(`  because: ${first}`)
    cause = cause.cause
  }
  if (error.hint !== undefined) lines.push(`  next: ${error.hint}`)
  return printableLines(lines.join('\n'))
}

/** zod puts a list of issues into its message, as JSON over many lines. */
function firstLine(cause: Error): string {
  if (cause instanceof z.core.$ZodError) return cause.issues[0]?.message ?? ''
  return cause.message.split('\n', 1)[0] ?? ''
}
