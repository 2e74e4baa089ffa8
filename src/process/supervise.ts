import type { Socket } from 'node:net'
import { execa } from 'execa'
import { dyingWithUs } from './death-signal.ts'

/** Between asking a program to end and killing it. */
const forceAfterMs = 2000
/** A killed program that is still there after this hangs in the kernel: nothing that we do ends it. */
const giveUpAfterMs = 3000
/** What a program leaves running may hold its pipes for ever: output is over when nothing came for so long. */
const silentMs = 1000
/** The same where what is left running never falls silent. */
const longestDrainMs = 5000

export interface SpawnSettings {
  /** Beside those of this process; with PATH. */
  readonly env: Readonly<Record<string, string>> & { readonly PATH: string }
  /** False: nothing else of the environment of this process. */
  readonly extendEnv: boolean
  readonly cwd?: string
}

/** How a program ended. */
export interface Ending {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** The error of the system call, where it could not even be started. */
  readonly cause?: unknown
}

/** A program with all that it started, as one process group in a session of its own. */
export interface Supervised {
  readonly pid: number | undefined
  readonly stdin: NodeJS.WritableStream
  readonly stdout: NodeJS.ReadableStream
  readonly stderr: NodeJS.ReadableStream
  /** Resolves when it has ended and its output is complete; within seconds after `stop` or SIGKILL. Never rejects. */
  readonly ended: Promise<Ending>
  /** Asks it to end, also when it is stopped (SIGSTOP), and kills it when it does not. */
  stop(): void
  /** Sends a signal to it and to all that it started and that stayed in its group. */
  kill(signal: NodeJS.Signals): void
}

/** Starts a program with pipes for all three streams. */
export function supervise(file: string, args: readonly string[], settings: SpawnSettings): Supervised {
  const words = dyingWithUs(file, args, settings.env.PATH)
  const child = execa(words.file, words.args, {
    ...settings,
    stdin: 'pipe',
    // Output is read by whoever asked for it; memory must not grow with that of programs that stay.
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
  })
  const { pid, stdin, stdout, stderr } = child
  // Whatever befalls a pipe shows in how the program ended, not as EPIPE.
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => {})
  const timers: NodeJS.Timeout[] = []
  const later = (ms: number, action: () => void) => void timers.push(setTimeout(action, ms))
  let ending: Ending = { exitCode: null, signal: 'SIGKILL' }
  let isStopping = false
  let settle: () => void = () => {}
  const ended = new Promise<void>((resolve) => {
    settle = resolve
  }).then(() => {
    for (const timer of timers) clearTimeout(timer)
    // What it started has had its time as well.
    if (isStopping) signalGroup(pid, 'SIGKILL')
    groups.delete(pid)
    return ending
  })
  const letGo = () => {
    for (const stream of [stdin, stdout, stderr]) stream.destroy()
    settle()
  }
  const kill = (signal: NodeJS.Signals) => {
    if (!groups.has(pid)) return
    signalGroup(pid, signal)
    if (signal !== 'SIGKILL') return
    later(giveUpAfterMs, () => {
      child.unref()
      letGo()
    })
  }
  if (pid === undefined) {
    void child.then((cause) => {
      ending = { exitCode: null, signal: null, cause }
      settle()
    })
  } else {
    remember(pid)
    child.once('exit', (exitCode, signal) => {
      ending = { exitCode, signal }
      child.once('close', settle)
      whenSilent([stdout, stderr] as unknown as readonly Socket[], later, () => {
        // The program is gone; what it left behind would hold us, and could write to nobody.
        signalGroup(pid, 'SIGTERM')
        letGo()
      })
    })
  }
  return {
    pid,
    stdin,
    stdout,
    stderr,
    ended,
    kill,
    stop: () => {
      isStopping = true
      kill('SIGTERM')
      // A stopped process takes no other signal than these two.
      kill('SIGCONT')
      later(forceAfterMs, () => kill('SIGKILL'))
    },
  }
}

/**
 * Calls `then` when no byte came for a while. A timer may be late on a busy machine, with bytes waiting to be read: it
 * is the look after the event loop has read what there is that counts.
 */
function whenSilent(
  streams: readonly Socket[],
  later: (ms: number, action: () => void) => void,
  then: () => void,
): void {
  const bytesRead = () => streams.reduce((sum, stream) => sum + stream.bytesRead, 0)
  const startedAt = performance.now()
  const wait = (before: number) =>
    later(silentMs, () =>
      setImmediate(() => {
        const now = bytesRead()
        if (now === before || performance.now() - startedAt > longestDrainMs) then()
        else wait(now)
      }),
    )
  wait(bytesRead())
}

/** Leaders of groups that would outlive this process: a session of its own hears no signal of our terminal. */
const groups = new Set<number | undefined>()

function remember(pid: number): void {
  if (groups.size === 0) {
    process.off('exit', killAll)
    process.on('exit', killAll)
  }
  groups.add(pid)
}

function killAll(): void {
  for (const pid of groups) signalGroup(pid, 'SIGKILL')
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // Gone, or another user's by now: a program may change who it is.
  }
}
