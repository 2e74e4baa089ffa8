/** The process exit codes of hopmeter (documented in the README). */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  regression: 3,
  pathMismatch: 4,
  inconclusive: 5,
  sigint: 130,
  sigterm: 143,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

interface HopmeterErrorOptions {
  readonly cause?: unknown
  /** What the user can do next: a command or a sentence. */
  readonly hint?: string
}

/** Every error that hopmeter raises on purpose. Only the entry point prints it and sets the exit code. */
export class HopmeterError extends Error {
  override name = 'HopmeterError'
  readonly exitCode: ExitCode = exitCodes.failure
  readonly hint: string | undefined

  constructor(message: string, options: HopmeterErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.hint = options.hint
  }
}

/** The command line or an option value is wrong. */
export class UsageError extends HopmeterError {
  override name = 'UsageError'
  override readonly exitCode = exitCodes.usage
}

/** A scenario file is invalid; `problems` holds every finding, each with its place in the file. */
export class ScenarioError extends HopmeterError {
  override name = 'ScenarioError'
  override readonly exitCode = exitCodes.usage
  readonly problems: readonly ScenarioProblem[]

  constructor(source: string, problems: readonly ScenarioProblem[], options: HopmeterErrorOptions = {}) {
    const lines = problems.map((p) => `${source}:${p.line}:${p.column}: ${p.message}`)
    super(lines.join('\n'), options)
    this.problems = problems
  }
}

export interface ScenarioProblem {
  /** 1-based. */
  readonly line: number
  /** 1-based. */
  readonly column: number
  readonly message: string
}

/** Why a program failed: not there, out of time, stopped by us, ended by a signal, or by its own exit code. */
export type CommandFailure = 'missing' | 'timeout' | 'stopped' | 'signal' | 'exit'

/** A program that hopmeter started failed, timed out or is missing. */
export class CommandError extends HopmeterError {
  override name = 'CommandError'
  readonly reason: CommandFailure
  /** The same in words, e.g. `exited with 3`. */
  readonly how: string
  /** The command as a user could paste it. */
  readonly command: string
  readonly output: string

  constructor(
    message: string,
    details: {
      reason?: CommandFailure
      how?: string
      command: string
      output: string
    } & HopmeterErrorOptions,
  ) {
    super(message, details)
    this.reason = details.reason ?? 'exit'
    this.how = details.how ?? 'failed'
    this.command = details.command
    this.output = details.output
  }
}

/** This machine lacks something that the backend needs. */
export class EnvironmentError extends HopmeterError {
  override name = 'EnvironmentError'
}

/** Traffic did not take the path that it was to take. */
export class PathMismatchError extends HopmeterError {
  override name = 'PathMismatchError'
  override readonly exitCode = exitCodes.pathMismatch
}

/** A run directory or journal cannot be read or written. */
export class ResultError extends HopmeterError {
  override name = 'ResultError'
}

/** The user or the system asked hopmeter to stop. */
export class InterruptedError extends HopmeterError {
  override name = 'InterruptedError'
  override readonly exitCode: ExitCode

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', options: HopmeterErrorOptions = {}) {
    super(`interrupted by ${signal}`, options)
    this.exitCode = signal === 'SIGINT' ? exitCodes.sigint : exitCodes.sigterm
  }
}

/** An error that nobody foresaw: a bug in hopmeter. Its cause is that error. */
export class InternalError extends HopmeterError {
  override name = 'InternalError'

  constructor(cause: unknown) {
    super(`a bug in hopmeter: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** The failed command behind an error, however deep. */
export function commandBehind(error: unknown): CommandError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof CommandError) return at
  return undefined
}
