import { readFileSync } from 'node:fs'

/** A process that no later one with the same number can be mistaken for. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot at its start (proc_pid_stat(5), field 22); null where there is no /proc. */
  readonly startTicks: string | null
  readonly bootId: string | null
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTicks: startTicks(process.pid), bootId: bootId() }
}

/** Whether that very process still runs; in doubt yes, because only orphans are cleaned up. */
export function isAlive({ pid, startTicks: started, bootId: boot }: ProcessIdentity): boolean {
  if (boot !== null && bootId() !== null && boot !== bootId()) return false
  if (started !== null && startTicks(pid) !== null) return startTicks(pid) === started
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold blanks; field 3 follows it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return null
  }
}
