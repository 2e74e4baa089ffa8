import { readFileSync } from 'node:fs'

/** What a cgroup says of its CPU time; fields that its version lacks are undefined. */
export interface CgroupCpu {
  readonly usageMs?: number | undefined
  /** Time for which its quota kept it from running. */
  readonly throttledMs?: number | undefined
}

/**
 * Reads a `cpu.stat`: of version 2 `usage_usec` and `throttled_usec` (kernel Documentation/admin-guide/cgroup-v2.rst),
 * of version 1 `throttled_time` in ns (Documentation/scheduler/sched-bwc.rst).
 */
export function parseCpuStat(text: string): CgroupCpu {
  const number = (key: string) => {
    const found = new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1]
    return found === undefined ? undefined : Number(found)
  }
  const scaled = (value: number | undefined, perMs: number) =>
    value === undefined ? undefined : value / perMs
  return {
    usageMs: scaled(number('usage_usec'), 1e3),
    throttledMs: scaled(number('throttled_usec'), 1e3) ?? scaled(number('throttled_time'), 1e6),
  }
}

/** A process as its cgroups see it: its own group and all groups around it, for each hierarchy that has `cpu.stat`. */
interface ProcessGroups {
  /** Folders, innermost first. */
  readonly folders: readonly string[]
}

/**
 * Time for which a CPU quota kept this process from running, ms: that of the group around it, near or far, which was
 * throttled longest. Undefined where there is no cgroup file system to read.
 * @param proc where `/proc` is; another folder in tests
 * @param root where cgroups are mounted
 */
export function throttledMsOf(pid: number, proc = '/proc', root = '/sys/fs/cgroup'): number | undefined {
  const times = groupsOf(pid, proc, root).folders.flatMap((folder) => {
    const stat = read(`${folder}/cpu.stat`)
    return stat === undefined ? [] : (parseCpuStat(stat).throttledMs ?? [])
  })
  return times.length === 0 ? undefined : Math.max(...times)
}

/** CPU time of everything in the innermost cgroup of a process, ms, and how long quotas stopped it. */
export function groupCpuOf(pid: number, proc = '/proc', root = '/sys/fs/cgroup'): CgroupCpu {
  const usage = groupsOf(pid, proc, root).folders.flatMap((folder) => {
    const ns = read(`${folder}/cpuacct.usage`)
    const stat = ns === undefined ? read(`${folder}/cpu.stat`) : undefined
    return ns === undefined ? (parseCpuStat(stat ?? '').usageMs ?? []) : Number(ns) / 1e6
  })
  return { usageMs: usage[0], throttledMs: throttledMsOf(pid, proc, root) }
}

/** `/proc/<pid>/cgroup` has one line per hierarchy, `id:controllers:path`; version 2 is `0::path` (cgroups(7)). */
function groupsOf(pid: number, proc: string, root: string): ProcessGroups {
  const lines = read(`${proc}/${pid}/cgroup`)?.trim().split('\n') ?? []
  const folders = lines.flatMap((line) => {
    const [, controllers = '', ...rest] = line.split(':')
    const path = rest.join(':')
    const names = controllers.split(',')
    if (controllers === '') return upwards(path).flatMap((at) => [`${root}${at}`, `${root}/unified${at}`])
    const wanted = ['cpu', 'cpuacct'].filter((name) => names.includes(name))
    const mounts = [...new Set([controllers, ...wanted])]
    return wanted.length === 0
      ? []
      : upwards(path).flatMap((at) => mounts.map((mount) => `${root}/${mount}${at}`))
  })
  // The named controllers of version 1 know more than the unified hierarchy beside them.
  const isVersion1 = lines.some((line) => /^[1-9]\d*:(?:[^:]*,)?cpu(?:acct)?(?:,[^:]*)?:/.test(line))
  return { folders: isVersion1 ? folders.filter((folder) => !folder.startsWith(`${root}/unified`)) : folders }
}

/** `/a/b` gives `/a/b`, `/a` and the empty path of the root. */
function upwards(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..')
  return Array.from({ length: parts.length + 1 }, (_, i) =>
    parts
      .slice(0, parts.length - i)
      .map((part) => `/${part}`)
      .join(''),
  )
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
