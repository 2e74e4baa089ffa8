import { setMaxListeners } from 'node:events'
import { execa, ExecaError, type Options, type ResultPromise } from 'execa'
import { CommandError } from './errors.ts'

export interface RunOptions {
  readonly input?: string | undefined
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** False: it gets PATH and `env`, and nothing else of our environment. */
  readonly inherit?: boolean | undefined
  readonly cwd?: string | undefined
}

export interface RunResult {
  readonly stdout: string
  readonly stderr: string
}

/** The command as a user could paste it into a shell. */
export function pasteable(file: string, args: readonly string[]): string {
  return [file, ...args].map(quote).join(' ')
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/**
 * Runs a program to its end: file and arguments, never a shell string.
 * @throws CommandError when it is missing, fails, times out or is aborted; it keeps the command, output and cause.
 */
export async function run(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  try {
    const { stdout, stderr } = await execa(file, args, {
      ...execaOptions(options),
      input: options.input ?? '',
    })
    return { stdout, stderr }
  } catch (error) {
    throw asCommandError(file, args, error, options.timeoutMs)
  }
}

/** A program that goes on beside us; the caller ends it. `done` rejects with a CommandError when it fails. */
export interface BackgroundProcess {
  readonly pid: number | undefined
  readonly stdin: NodeJS.WritableStream
  readonly stdout: NodeJS.ReadableStream
  readonly stderr: NodeJS.ReadableStream
  readonly done: Promise<void>
  kill(signal?: NodeJS.Signals): void
}

/** Starts a program with pipes for all three streams. `detached` gives it a session of its own (no terminal signals). */
export function start(
  file: string,
  args: readonly string[],
  options: RunOptions & { readonly detached?: boolean } = {},
): BackgroundProcess {
  const child: ResultPromise = execa(file, args, {
    ...execaOptions(options),
    stdin: 'pipe',
    // Long-lived programs must not grow our memory with output that we stream anyway.
    buffer: false,
    ...(options.detached === undefined ? {} : { detached: options.detached }),
  })
  const { stdin, stdout, stderr } = child
  if (!stdin || !stdout || !stderr) throw new Error('a process started with pipes has none')
  stdin.on('error', () => {}) // a program that ended early shows in `done`, not as EPIPE
  const done = child.then(
    () => {},
    (error: unknown) => {
      throw asCommandError(file, args, error, options.timeoutMs)
    },
  )
  done.catch(() => {}) // whoever waits for `done` still sees it
  return {
    pid: child.pid,
    stdin,
    stdout,
    stderr,
    done,
    kill: (signal = 'SIGTERM') => void child.kill(signal),
  }
}

/** A listing of a large cluster is some ten megabytes; what writes more has lost its way, and memory with it. */
const maxOutputCharacters = 64 << 20

function execaOptions(options: RunOptions) {
  // Many programs share one stop signal; that is no leak.
  if (options.signal) setMaxListeners(0, options.signal)
  return {
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    // Plain users often lack the folders in which ip, nft and bird live.
    env: { PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`, ...options.env },
    extendEnv: options.inherit ?? true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    forceKillAfterDelay: 2000,
    maxBuffer: maxOutputCharacters,
    stripFinalNewline: true,
  } satisfies Options
}

function asCommandError(
  file: string,
  args: readonly string[],
  error: unknown,
  timeoutMs?: number,
): CommandError {
  const command = pasteable(file, args)
  if (!(error instanceof ExecaError)) {
    return new CommandError(`${command}: ${String(error)}`, { command, output: '', cause: error })
  }
  const output = [error.stderr, error.stdout]
    .filter((part) => typeof part === 'string' && part !== '')
    .join('\n')
    .trim()
  const detail = output === '' ? '' : `\n${output}`
  return new CommandError(`${file} ${whyFailed(error, timeoutMs)}: ${command}${detail}`, {
    command,
    output,
    cause: error,
  })
}

function whyFailed(error: ExecaError, timeoutMs?: number): string {
  if (error.code === 'ENOENT') return 'not found on PATH'
  if (error.isMaxBuffer)
    return `wrote more than ${maxOutputCharacters >> 20} million characters, the most that is read,`
  if (error.timedOut) return `timed out after ${timeoutMs} ms`
  if (error.isCanceled) return 'was stopped'
  if (error.signal) return `was ended by ${error.signal}`
  return `exited with ${error.exitCode ?? error.code ?? 'an error'}`
}
