import { readFileSync, readlinkSync } from 'node:fs'
import { z } from 'zod'

export const processIdentity = z.object({
  pid: z.number().int().positive(),
  /** Clock ticks since boot at its start (proc_pid_stat(5), field 22); null where there is no /proc. */
  startTicks: z.string().nullable(),
  bootId: z.string().nullable(),
})

/** A process that no later one with the same number can be mistaken for. */
export type ProcessIdentity = Readonly<z.infer<typeof processIdentity>>

export function ownIdentity(): ProcessIdentity {
  return identityOf(process.pid)
}

/** Of a process that runs. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTicks: statOf(pid)?.startTicks ?? null, bootId: bootId() }
}

/** Whether that very process still runs; in doubt yes, because only orphans are cleaned up. */
export function isAlive({ pid, startTicks: started, bootId: boot }: ProcessIdentity): boolean {
  if (boot !== null && bootId() !== null && boot !== bootId()) return false
  const now = statOf(pid)
  // Killed, and only not collected by its parent: first processes of containers often never do.
  if (now?.isDead) return false
  if (started !== null && now !== undefined) return now.startTicks === started
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Which process numbers mean the same to this process, e.g. `pid:[4026531836]`; null where it is not known. */
export function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return null
  }
}

/** What the kernel says of a process now; undefined when there is none, or no /proc. */
export function statOf(pid: number): { readonly startTicks: string; readonly isDead: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold blanks; field 3 follows it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state = '', startTicks] = [fields[0], fields[19]]
    return startTicks === undefined ? undefined : { startTicks, isDead: state === 'Z' || state === 'X' }
  } catch {
    return undefined
  }
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return null
  }
}
