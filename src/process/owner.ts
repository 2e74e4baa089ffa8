import { readdirSync, readFileSync } from 'node:fs'
import { isAlive, ownIdentity, pidNamespace, statOf, type ProcessIdentity } from './process-identity.ts'
import { until } from './until.ts'

/**
 * Programs of our own carry in their environment which hopmeter they belong to, and hand it on to what they start. So
 * they are found after that was killed, wherever they are by then, and never by their name.
 */
const ownVariable = 'HOPMETER_OWNER'

const goneWithinMs = 5000
const lookEveryMs = 20
const longestCommand = 80

interface Owner extends ProcessIdentity {
  /** In which its number is meant. */
  readonly pidNamespace: string | null
}

/** A process whose hopmeter is gone. */
export interface Orphan {
  readonly pid: number
  readonly startTicks: string
  /** What it runs, for a reader. */
  readonly command: string
}

let own: Readonly<Record<string, string>> | undefined

/** The environment that marks a program as one of this process. */
export function ownerEnv(): Readonly<Record<string, string>> {
  return (own ??= { [ownVariable]: JSON.stringify(ownerOfOurs()) })
}

function ownerOfOurs(): Owner {
  return { ...ownIdentity(), pidNamespace: pidNamespace() }
}

/** Programs of a hopmeter that is gone, of all users whose processes may be looked at. */
export function findOrphans(variable = ownVariable): readonly Orphan[] {
  return processIds().flatMap((pid) => {
    const owner = ownerOf(pid, variable)
    if (!owner || !isGone(owner)) return []
    const stat = statOf(pid)
    return stat === undefined || stat.isDead
      ? []
      : [{ pid, startTicks: stat.startTicks, command: commandOf(pid) }]
  })
}

/** Ends orphans, stopped ones too, with what they start meanwhile. @returns those that ended, and those that would not */
export async function endOrphans(
  signal?: AbortSignal,
  variable = ownVariable,
): Promise<{ readonly ended: readonly Orphan[]; readonly left: readonly Orphan[] }> {
  const found = new Map<string, Orphan>()
  const left = await until(
    () => {
      const orphans = findOrphans(variable)
      if (orphans.length === 0) return orphans
      for (const orphan of orphans) {
        found.set(`${orphan.pid} ${orphan.startTicks}`, orphan)
        kill(orphan)
      }
      return undefined
    },
    { everyMs: lookEveryMs, deadlineMs: goneWithinMs, signal },
  ).then((none) => none ?? findOrphans(variable))
  const isLeft = ({ pid }: Orphan) => left.some((other) => other.pid === pid)
  return { ended: [...found.values()].filter((orphan) => !isLeft(orphan)), left }
}

/** SIGKILL needs no SIGCONT before it, and what it ends has nothing to put in order. */
function kill({ pid, startTicks }: Orphan): void {
  if (statOf(pid)?.startTicks !== startTicks) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself, or is another user's: then it is left, and told.
  }
}

/** Numbers of another PID namespace, such as a container's, say nothing here: that owner may well be alive. */
function isGone(owner: Owner): boolean {
  return owner.pidNamespace !== null && owner.pidNamespace === pidNamespace() && !isAlive(owner)
}

function ownerOf(pid: number, variable: string): Owner | undefined {
  const found = read(`/proc/${pid}/environ`)
    .split('\0')
    .find((entry) => entry.startsWith(`${variable}=`))
  if (found === undefined) return undefined
  try {
    return asOwner(JSON.parse(found.slice(variable.length + 1)))
  } catch {
    return undefined
  }
}

/** Anybody can set an environment variable to anything. */
function asOwner(value: unknown): Owner | undefined {
  const { pid, startTicks, bootId, pidNamespace: namespace } = (value ?? {}) as Partial<Owner>
  const isText = (text: unknown): text is string => typeof text === 'string'
  if (!Number.isSafeInteger(pid) || pid === undefined || pid <= 0) return undefined
  if (!isText(startTicks) || !isText(bootId) || !isText(namespace)) return undefined
  return { pid, startTicks, bootId, pidNamespace: namespace }
}

function commandOf(pid: number): string {
  const words = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
  return words.length > longestCommand ? `${words.slice(0, longestCommand)}…` : words
}

function processIds(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => pid !== process.pid)
  } catch {
    return []
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
