import type { HopmeterError } from '../errors.ts'
import { jsonWithoutSecrets, withoutSecrets } from '../redact.ts'
import { printable, printableJson, printableLines } from '../terminal-text.ts'

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** Everything a verb touches of the process that runs it; tests pass their own. */
export interface CliContext {
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
  readonly stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
  readonly env: Readonly<Record<string, string | undefined>>
  /**
   * Does work that ends in order when it is stopped. Its signal is aborted by the first Ctrl-C or SIGTERM, with an
   * InterruptedError as the reason. Outside of such work either ends the process at once. `stopping` says what is
   * done then, to who watches.
   */
  readonly stoppable: <T>(work: (signal: AbortSignal) => Promise<T>, stopping?: string) => Promise<T>
  /** Does work that takes signals itself: for a program that stands in our place. */
  readonly underSignals: <T>(take: (signal: StopSignal) => void, work: () => Promise<T>) => Promise<T>
  /** For a verb that ends in order but with a code of its own. */
  readonly setExitCode: (code: number) => void
}

/**
 * The door: whatever is printed passes one of the functions below, wherever it came from. Nothing that steers a
 * terminal, hides or reorders text, and no password gets out; files are written as they are.
 */
function throughDoor(text: string): string {
  return printableLines(withoutSecrets(text))
}

/** Writes a result. Results are the only thing on standard output. */
export function print(context: CliContext, text: string): void {
  write(context.stdout, throughDoor(text))
}

/** Writes a result as JSON; it stays valid whatever its strings hold. */
export function printJson(context: CliContext, value: unknown): void {
  write(context.stdout, printableJson(JSON.stringify(value, jsonWithoutSecrets, 2)))
}

/** Writes a file of the user's, or in the format of another tool, with nothing taken out that is meant to be read. */
export function printDocument(context: CliContext, text: string, kind: 'text' | 'json' = 'text'): void {
  write(context.stdout, kind === 'json' ? printableJson(text) : printableLines(text))
}

function write(stream: NodeJS.WritableStream, text: string): void {
  stream.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** What commander says for itself: help, versions and usage errors, which quote what was typed. */
export function commanderOutput({ stdout, stderr }: CliContext) {
  return {
    writeOut: (text: string) => void stdout.write(throughDoor(text)),
    writeErr: (text: string) => void stderr.write(throughDoor(text)),
  }
}

/** `--out` may name standard output, as `-` or as the system does. */
export function isStandardOutput(file: string): boolean {
  return ['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'].includes(file)
}

/** Width of the terminal that results go to; undefined for files and pipes, which stay plain, and where it is unknown. */
export function terminalColumns({ stdout }: CliContext): number | undefined {
  return stdout.isTTY && stdout.columns ? stdout.columns : undefined
}

/** Writes what is not a result: warnings, hints. */
export function say(context: CliContext, text: string): void {
  context.stderr.write(`${throughDoor(text)}\n`)
}

/** A line of text for something that writes to the terminal by itself, such as a spinner. */
export function oneLine(text: string): string {
  return printable(withoutSecrets(text))
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
  return lines.join('\n')
}

/** zod's error, by its shape: to print a version, zod itself need not be loaded. */
function hasIssues(
  cause: Error,
): cause is Error & { readonly issues: readonly { readonly message: string }[] } {
  return ['$ZodError', 'ZodError'].includes(cause.name) && 'issues' in cause && Array.isArray(cause.issues)
}

/** zod puts a list of issues into its message, as JSON over many lines. */
function firstLine(cause: Error): string {
  const message = hasIssues(cause) ? (cause.issues[0]?.message ?? '') : cause.message
  return message.split('\n', 1)[0] ?? ''
}
