import { setMaxListeners } from 'node:events'
import { CommandError, type CommandFailure } from '../errors.ts'
import { pasteable } from '../shell-words.ts'
import { ownerEnv } from './owner.ts'
import { supervise, type Ending, type Supervised } from './supervise.ts'

/** A program that says more than this has lost its way, and would take our memory with it. */
const maxOutputBytes = 128 * 1024 * 1024

export interface RunOptions {
  readonly input?: string | undefined
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** False: a program of ours, which gets PATH, `env` and whose it is, and nothing else of our environment. */
  readonly inherit?: boolean | undefined
  readonly cwd?: string | undefined
}

export interface RunResult {
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program to its end: file and arguments, never a shell string. When the time is over or it is aborted, it is
 * ended with all that it started; what still holds its output after its own end is not waited for.
 * @throws CommandError when it is missing, fails, times out or is aborted; it keeps the command, output and cause.
 */
export async function run(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { input = '', timeoutMs, signal } = options
  if (signal?.aborted) throw failed({ file, args, stop: stopped(signal) })
  const program = supervise(file, args, settingsOf(options))
  const stops = watchStops(program, timeoutMs, signal)
  const stdout = collect(program.stdout, () => stops.stop(tooMuch))
  const stderr = collect(program.stderr, () => stops.stop(tooMuch))
  program.stdin.end(input)
  const ending = await program.ended
  stops.end()
  const output = { stdout: stdout(), stderr: stderr() }
  if (!stops.why() && ending.exitCode === 0) return output
  throw failed({ file, args, stop: stops.why(), ending, output })
}

/** A program that goes on beside us; the caller ends it. `done` rejects with a CommandError when it fails. */
export interface BackgroundProcess {
  readonly pid: number | undefined
  readonly stdin: NodeJS.WritableStream
  readonly stdout: NodeJS.ReadableStream
  readonly stderr: NodeJS.ReadableStream
  readonly done: Promise<void>
  /** Signals it and all that it started; SIGTERM unless given. `done` settles within seconds after SIGKILL. */
  kill(signal?: NodeJS.Signals): void
}

/** Starts a program with pipes for all three streams, in a session of its own: it gets no signals of our terminal. */
export function start(
  file: string,
  args: readonly string[],
  options: Omit<RunOptions, 'input'> = {},
): BackgroundProcess {
  const program = supervise(file, args, settingsOf(options))
  const stops = watchStops(program, options.timeoutMs, options.signal)
  const done = program.ended.then((ending) => {
    stops.end()
    if (stops.why() || ending.exitCode !== 0) throw failed({ file, args, stop: stops.why(), ending })
  })
  done.catch(() => {}) // whoever waits for `done` still sees it
  const { pid, stdin, stdout, stderr } = program
  return { pid, stdin, stdout, stderr, done, kill: (signal = 'SIGTERM') => program.kill(signal) }
}

/** Why a program was made to end. */
interface Stop {
  readonly reason: CommandFailure
  readonly words: string
  readonly cause?: unknown
}

const tooMuch: Stop = {
  reason: 'stopped',
  words: `was stopped: it wrote more than ${maxOutputBytes >> 20} MiB`,
}

function stopped(signal: AbortSignal): Stop {
  return { reason: 'stopped', words: 'was stopped', cause: signal.reason }
}

/** Ends the program at its deadline or when it is aborted, and remembers which came first. */
function watchStops(program: Supervised, timeoutMs: number | undefined, signal: AbortSignal | undefined) {
  let why: Stop | undefined
  const stop = (reason: Stop) => {
    if (why) return
    why = reason
    program.stop()
  }
  const words = `timed out after ${timeoutMs} ms`
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => stop({ reason: 'timeout', words }), timeoutMs)
  const onAbort = () => stop(stopped(signal!))
  // Many programs share one stop signal; that is no leak.
  if (signal) setMaxListeners(0, signal)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  return {
    why: () => why,
    stop,
    end: () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}

/** Keeps what a stream says; the returned function gives it as text without its last newline. */
function collect(stream: NodeJS.ReadableStream, onTooMuch: () => void): () => string {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= maxOutputBytes) chunks.push(chunk)
    else onTooMuch()
  })
  return () =>
    Buffer.concat(chunks)
      .toString('utf8')
      .replace(/\r?\n$/, '')
}

function settingsOf({ inherit = true, ...options }: RunOptions) {
  // Plain users often lack the folders in which ip, nft and bird live.
  const folders = { PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin` }
  return {
    // Programs of others may start something that is to stay, such as an agent that keeps credentials.
    env: { ...folders, ...(inherit ? {} : ownerEnv()), ...options.env },
    extendEnv: inherit,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  }
}

function failed(failure: {
  readonly file: string
  readonly args: readonly string[]
  readonly stop?: Stop | undefined
  readonly ending?: Ending
  readonly output?: RunResult
}): CommandError {
  const { file, args, stop, ending, output: said = { stdout: '', stderr: '' } } = failure
  const { reason, words, cause } = stop ?? whyFailed(ending!)
  const command = pasteable(file, args)
  const output = [said.stderr, said.stdout]
    .filter((part) => part !== '')
    .join('\n')
    .trim()
  const detail = output === '' ? '' : `\n${output}`
  return new CommandError(`${file} ${words}: ${command}${detail}`, {
    reason,
    how: words,
    command,
    output,
    cause,
  })
}

function whyFailed({ exitCode, signal, cause }: Ending): Stop {
  if (cause !== undefined) {
    const { code = 'an unknown error' } = cause as NodeJS.ErrnoException
    return code === 'ENOENT'
      ? { reason: 'missing', words: 'not found on PATH', cause }
      : { reason: 'missing', words: `could not be started (${code})`, cause }
  }
  if (signal !== null) return { reason: 'signal', words: `was ended by ${signal}` }
  return { reason: 'exit', words: `exited with ${exitCode}` }
}
