import { run, start, type BackgroundProcess, type RunResult } from '../../process/exec.ts'
import { JsonLinesProcess } from '../../process/json-lines-process.ts'
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
echo "{\\"type\\":\\"ready\\",\\"pid\\":$pid,\\"proc\\":\\"$proc\\"}"
cat >/dev/null
exit 0`

const readyWithinMs = 10_000
/** Commands take milliseconds. nsenter stops itself when its program is stopped, and does not see it go on or end. */
const commandWithinMs = 30_000
/** A PID 1 that does not end by itself is stopped or stuck; its death has the same effect. */
const endWithinMs = 2000

interface ReadyMessage {
  readonly type: 'ready'
  readonly pid: number
  readonly proc: 'private' | 'shared'
}

/** The private namespaces of one testbed, and the only way into them. */
export interface Anchor {
  readonly isolation: Isolation
  /** PID 1 of the lab as seen from outside. */
  readonly pid: number
  /** Whether the lab has a /proc of its own. */
  readonly proc: 'private' | 'shared'
  /** The command that runs inside, as seen from outside. */
  enter(command: LabCommand): Command
  /** @throws CommandError when it fails, or has not ended in time. */
  run(command: LabCommand, signal?: AbortSignal, withinMs?: number): Promise<RunResult>
  /** Starts a program that stays; it ends with the lab at the latest. */
  start(command: LabCommand): BackgroundProcess
  /** @throws HopmeterError when the first process has ended, and with it all others. */
  assertRunning(): void
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
  const init = new JsonLinesProcess(
    'the first process of the lab',
    start(file, args, { env: toolEnv, inherit: false }),
  )
  try {
    const ready = await init.next<ReadyMessage>('ready', { timeoutMs: readyWithinMs, signal })
    return anchorOf(isolation, init, ready)
  } catch (error) {
    await init.end(endWithinMs)
    throw error
  }
}

function anchorOf(isolation: Isolation, init: JsonLinesProcess, { pid, proc }: ReadyMessage): Anchor {
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
    run: (command, signal, withinMs = commandWithinMs) => {
      const { file, args, input } = enter(command)
      return run(file, args, { input, signal, timeoutMs: withinMs, env: toolEnv, inherit: false })
    },
    start: (command) => {
      const { file, args, input } = enter(command)
      const child = start(file, args, { env: { ...toolEnv, ...command.env }, inherit: false })
      if (input !== undefined) child.stdin.write(input)
      started.add(child)
      const forget = () => void started.delete(child)
      child.done.then(forget, forget)
      return child
    },
    assertRunning: () => init.assertRunning(),
    close: async () => {
      await init.end(endWithinMs)
      // nsenter stops itself when its program is stopped, and then does not notice that the program is gone.
      for (const child of started) child.kill('SIGKILL')
      await Promise.allSettled([...started].map((child) => child.done))
    },
  }
}
