import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { groupCpuOf, parseCpuStat, throttledMsOf } from './cgroup.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A `/proc` with one process, and a cgroup file system. */
function machine(cgroups: string, files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(path.join(tmpdir(), 'hopmeter-cgroup-'))
  folders.push(root)
  const all = { 'proc/7/cgroup': cgroups, ...files }
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    writeFileSync(path.join(root, name), text)
  }
  return [7, path.join(root, 'proc'), path.join(root, 'cgroup')] as const
}

const v2 = (usage: number, throttled: number) =>
  `usage_usec ${usage}\nuser_usec 1\nsystem_usec 2\nnr_periods 9\nnr_throttled 3\nthrottled_usec ${throttled}\n`
const v1 = (throttled: number) =>
  `nr_periods 117\nnr_throttled 16\nthrottled_time ${throttled}\nnr_bursts 0\n`

describe('cpu.stat', () => {
  it('is read in the form of version 2', () => {
    expect(parseCpuStat(v2(1500, 2500))).toEqual({ usageMs: 1.5, throttledMs: 2.5 })
  })

  it('is read in the form of version 1, which has no usage', () => {
    expect(parseCpuStat(v1(1_225_768_037))).toEqual({ usageMs: undefined, throttledMs: 1225.768037 })
  })

  it('of a group without the CPU controller says nothing of throttling', () => {
    expect(parseCpuStat('usage_usec 7000\nuser_usec 1\nsystem_usec 2\n').throttledMs).toBeUndefined()
  })
})

describe('the groups around a process', () => {
  it('are searched to the root, because a quota holds for everything below it', () => {
    const process = machine('0::/pod/container\n', {
      'cgroup/cpu.stat': 'usage_usec 90\n',
      'cgroup/pod/cpu.stat': v2(40_000, 6000),
      'cgroup/pod/container/cpu.stat': v2(20_000, 0),
    })
    expect(throttledMsOf(...process)).toBe(6)
    expect(groupCpuOf(...process)).toEqual({ usageMs: 20, throttledMs: 6 })
  })

  it('of version 1 are one per controller; the unified hierarchy beside them does not count', () => {
    const process = machine('2:cpuacct:/a\n1:cpu:/a/b\n4:memory:/m\n0::/u\n', {
      'cgroup/cpu/a/cpu.stat': v1(3_000_000),
      'cgroup/cpu/a/b/cpu.stat': v1(1_000_000),
      'cgroup/cpuacct/a/cpuacct.usage': '5000000\n',
      'cgroup/unified/u/cpu.stat': v2(1, 99_000),
    })
    expect(groupCpuOf(...process)).toEqual({ usageMs: 5, throttledMs: 3 })
  })

  it('of version 1 are found where the controllers share a mount', () => {
    const process = machine('3:cpu,cpuacct:/a\n', {
      'cgroup/cpu,cpuacct/a/cpu.stat': v1(2_000_000),
      'cgroup/cpu,cpuacct/a/cpuacct.usage': '7000000\n',
    })
    expect(groupCpuOf(...process)).toEqual({ usageMs: 7, throttledMs: 2 })
  })

  it('of a process that is gone are not known', () => {
    expect(throttledMsOf(2 ** 30)).toBeUndefined()
  })
})

it('sees a real quota stop a real process', async (context) => {
  // Version 1, as root: the group is made, used and removed again.
  const group = `/sys/fs/cgroup/cpu/hopmeter-test-${process.pid}`
  if (process.getuid?.() !== 0 || !existsSync('/sys/fs/cgroup/cpu/cpu.cfs_quota_us')) {
    context.skip('needs root and the CPU controller of cgroup v1')
  }
  mkdirSync(group)
  const child = spawn(process.execPath, ['-e', 'for (;;) Math.random()'], { stdio: 'ignore' })
  const ended = new Promise((resolve) => void child.once('exit', resolve))
  try {
    writeFileSync(`${group}/cpu.cfs_period_us`, '100000')
    writeFileSync(`${group}/cpu.cfs_quota_us`, '2000')
    const pid = child.pid ?? 0
    expect(throttledMsOf(pid)).toBe(0)
    writeFileSync(`${group}/cgroup.procs`, String(pid))
    while ((throttledMsOf(pid) ?? 0) === 0) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(throttledMsOf(process.pid)).toBe(0)
  } finally {
    child.kill('SIGKILL')
    await ended
    rmdirSync(group)
  }
})
