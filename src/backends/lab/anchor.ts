import { EnvironmentError } from '../../errors.ts'
import { run, start, type BackgroundProcess, type RunResult } from '../../exec.ts'
import type { Command } from '../backend.ts'
import type { LabCommand } from './command.ts'
import { isolationRefused, preferredIsolation, type Isolation } from './isolation.ts'
import { toolEnv } from './tools.ts'

/**
 * First process (PID 1) of the lab. It gives `ip netns` a private /run, says which process it is as seen from
 * outside (before /proc is replaced), and waits for the end of its input. That comes when hopmeter closes the pipe
 * or dies, however it dies. The kernel then ends every process of the PID namespace and frees the other namespaces.
 * Where /proc may not be mounted (it is masked in some containers) the outer one has to do.
 */
const anchorScript = `read -r pid rest </proc/self/stat
mount -t tmpfs tmpfs /run && mkdir /run/netns || exit 1
mount -t proc proc /proc 2>/dev/null && proc=private || proc=shared
echo "ready $pid $proc"
cat >/dev/null
exit 0`

const readyWithinMs = 10_000
const endWithinMs = 5000

/** The private namespaces of one testbed, and the only way into them. */
export interface Anchor {
  readonly isolation: Isolation
  /** PID 1 of the lab as seen from outside. */
  readonly pid: number
  /** Whether the lab has a /proc of its own. */
  readonly proc: 'private' | 'shared'
  /** The command that runs inside, as seen from outside. */
  enter(command: LabCommand): Command
  run(command: LabCommand, signal?: AbortSignal): Promise<RunResult>
  /** Starts a program that stays; it ends with the lab at the latest. */
  start(command: LabCommand): BackgroundProcess
  /** Ends every process and namespace of the lab and waits until they are gone. Never throws. */
  close(): Promise<void>
}

/** The command that opens the private namespaces. */
export function anchorCommand(isolation: Isolation): Command {
  const user = isolation === 'root' ? [] : ['--user', '--map-root-user']
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child=SIGKILL']
  return { file: 'unshare', args: [...user, ...namespaces, '--', 'sh', '-c', anchorScript] }
}

/** The words before a command that runs inside. */
export function enterArgs(isolation: Isolation, pid: number | string, netns?: string): readonly string[] {
  const user = isolation === 'root' ? [] : ['--user', '--preserve-credentials']
  // One nsenter for all namespaces: paths are opened before any namespace is entered, hence seen from outside.
  const net = netns === undefined ? '--net' : `--net=/proc/${pid}/root/run/netns/${netns}`
  return ['--target', String(pid), ...user, '--mount', '--pid', net, '--']
}

/**
 * Opens private namespaces. Real root may still lack the right to (in a container): then a user namespace is tried.
 * @throws EnvironmentError when this machine does not allow it, with the kernel setting or option that does.
 */
export async function openAnchor(
  signal?: AbortSignal,
  isolation: Isolation = preferredIsolation(),
): Promise<Anchor> {
  try {
    return await open(isolation, signal)
  } catch (cause) {
    signal?.throwIfAborted()
    if (isolation === 'root') {
      const fallback = await open('user-namespace', signal).catch(() => undefined)
      if (fallback) return fallback
    }
    throw isolationRefused(isolation, cause)
  }
}

async function open(isolation: Isolation, signal?: AbortSignal): Promise<Anchor> {
  signal?.throwIfAborted()
  const { file, args } = anchorCommand(isolation)
  const holder = start(file, args, { detached: true, env: toolEnv })
  try {
    const [pid, proc] = await readyLine(holder, signal)
    return anchorOf(isolation, holder, pid, proc)
  } catch (error) {
    await end(holder)
    throw error
  }
}

function anchorOf(
  isolation: Isolation,
  holder: BackgroundProcess,
  pid: number,
  proc: 'private' | 'shared',
): Anchor {
  const started = new Set<BackgroundProcess>()
  const enter = ({ netns, file, args, input }: LabCommand): Command => ({
    file: 'nsenter',
    args: [...enterArgs(isolation, pid, netns), file, ...args],
    ...(input === undefined ? {} : { input }),
  })
  return {
    isolation,
    pid,
    proc,
    enter,
    run: (command, signal) => {
      const { file, args, input } = enter(command)
      return run(file, args, { input, signal, env: toolEnv })
    },
    start: (command) => {
      const { file, args, input } = enter(command)
      const child = start(file, args, { detached: true, env: { ...toolEnv, ...command.env } })
      if (input !== undefined) child.stdin.write(input)
      started.add(child)
      const forget = () => void started.delete(child)
      child.done.then(forget, forget)
      return child
    },
    close: async () => {
      await end(holder)
      await Promise.allSettled([...started].map((child) => child.done))
    },
  }
}

async function end(holder: BackgroundProcess): Promise<void> {
  holder.stdin.end()
  // A PID 1 that does not end by itself is stuck in the kernel or stopped; its death has the same effect.
  const timer = setTimeout(() => holder.kill('SIGKILL'), endWithinMs)
  await holder.done.catch(() => {})
  clearTimeout(timer)
}

/** The first line that PID 1 writes. @throws CommandError or EnvironmentError with what it wrote to stderr instead. */
async function readyLine(
  holder: BackgroundProcess,
  signal?: AbortSignal,
): Promise<[number, 'private' | 'shared']> {
  let stdout = ''
  let stderr = ''
  holder.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const said = new Promise<[number, 'private' | 'shared']>((resolve) => {
    holder.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      const match = /^ready (\d+) (private|shared)\n/.exec(stdout)
      if (match) resolve([Number(match[1]), match[2] as 'private' | 'shared'])
    })
  })
  const ended = holder.done.then(
    () => Promise.reject(new EnvironmentError(`the first process of the lab ended: ${stderr.trim()}`)),
    (cause: unknown) => {
      // ENOENT speaks for itself; otherwise what counts is what the program wrote.
      const detail = stderr.trim() || (cause instanceof Error ? cause.message : String(cause))
      return Promise.reject(new EnvironmentError(detail, { cause }))
    },
  )
  const cut = new AbortController()
  try {
    return await Promise.race([said, ended, expiry(cut.signal), aborted(cut.signal, signal)])
  } finally {
    cut.abort()
  }
}

function expiry(done: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const error = new EnvironmentError(`private namespaces were not ready within ${readyWithinMs} ms`)
    const timer = setTimeout(() => reject(error), readyWithinMs)
    done.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })
}

function aborted(done: AbortSignal, signal?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true, signal: done })
  })
}
