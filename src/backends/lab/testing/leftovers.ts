import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process, told apart from a later one with the same id by when it started. */
export interface ProcessId {
  readonly pid: number
  readonly startedAt: string
}

interface Row extends ProcessId {
  readonly parent: number
}

/** All processes below this one. */
export function descendantsOf(pid: number): readonly ProcessId[] {
  const rows = processes()
  const found: Row[] = []
  for (let level = [pid]; level.length > 0;) {
    const next = rows.filter((row) => level.includes(row.parent))
    found.push(...next)
    level = next.map((row) => row.pid)
  }
  return found
}

/** Processes below this one that were not there before. */
export function descendantsSince(before: readonly ProcessId[], pid = process.pid): readonly ProcessId[] {
  return descendantsOf(pid).filter((own) => !before.some((old) => old.pid === own.pid))
}

/** Network, mount and PID namespaces of these processes that are not our own, e.g. `net:[4026532301]`. */
export function namespacesOf(found: readonly ProcessId[]): ReadonlySet<string> {
  const own = new Set(namespaces('self'))
  return new Set(found.flatMap(({ pid }) => namespaces(String(pid))).filter((name) => !own.has(name)))
}

/**
 * Namespaces that are to go, with the time at which whoever made them ended. The kernel gives their numbers anew: what
 * started later in one of them is of somebody else.
 */
export type NamespacesToGo = ReadonlyMap<string, number>

/** The unit of `startedAt`: hundredths of a second since the machine booted. */
export function nowTicks(): number {
  return 100 * Number(read('/proc/uptime').split(' ', 1)[0])
}

/** Which of the processes still run, and which processes are in one of the namespaces. */
export function stillRunning(
  found: readonly ProcessId[],
  namespacesToGo: NamespacesToGo = new Map(),
): readonly ProcessId[] {
  return processes().filter(
    (row) =>
      found.some((p) => row.pid === p.pid && row.startedAt === p.startedAt) ||
      namespaces(String(row.pid)).some((name) => Number(row.startedAt) <= (namespacesToGo.get(name) ?? -1)),
  )
}

/**
 * Waits until none of the processes runs and no process is in one of the namespaces; returns what is left then.
 * @param namespacesToGo those of a set have ended now
 */
export async function leftovers(
  found: readonly ProcessId[],
  namespacesToGo: ReadonlySet<string> | NamespacesToGo = new Set(),
  withinMs = 30_000,
): Promise<readonly string[]> {
  const deadline = Date.now() + withinMs
  const endedTicks = nowTicks()
  const toGo =
    namespacesToGo instanceof Map
      ? (namespacesToGo as NamespacesToGo)
      : new Map([...namespacesToGo.keys()].map((name) => [name, endedTicks]))
  for (;;) {
    const left = stillRunning(found, toGo)
    if (left.length === 0 || Date.now() > deadline) return left.map(({ pid }) => `${pid} ${commandOf(pid)}`)
    await sleep(20)
  }
}

function processes(): Row[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = read(`/proc/${name}/stat`)
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const [state, parent, startedAt] = [fields[0], Number(fields[1]), fields[19]]
      // A zombie is gone in all but name; its parent (perhaps init) will collect it.
      if (startedAt === undefined || state === 'Z' || state === 'X') return []
      return [{ pid: Number(name), parent, startedAt }]
    })
}

function namespaces(pid: string): string[] {
  return ['net', 'mnt', 'pid'].flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)]
    } catch {
      return []
    }
  })
}

export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
