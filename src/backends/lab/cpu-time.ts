import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks per second in /proc; 100 on every Linux that Node runs on (USER_HZ). */
const ticksPerSecond = 100

/**
 * CPU time of a process since its start, ms; undefined when it is gone. Sums its threads from
 * `/proc/<pid>/task/<tid>/schedstat` (ns; kernel `Documentation/scheduler/sched-stats.rst`), else reads
 * `/proc/<pid>/stat` (10 ms steps; proc_pid_stat(5), fields 14 and 15).
 */
export function cpuTimeMs(pid: number): number | undefined {
  if (readNs(`/proc/${pid}/schedstat`) === undefined) return ticksMs(pid)
  return (
    threadsOf(pid).reduce((sum, tid) => sum + (readNs(`/proc/${pid}/task/${tid}/schedstat`) ?? 0), 0) / 1e6
  )
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function readNs(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[0])
  } catch {
    return undefined
  }
}

function ticksMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold blanks; fields are counted after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond
  } catch {
    return undefined
  }
}
