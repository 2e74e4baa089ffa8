import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import type { HostHealth } from '../results/schema.ts'

/** What the kernel counted since boot. Times are in clock ticks, all CPUs together, except `pressureUs`. */
export interface HostCounters {
  readonly atMs: number
  /** Time in which at least one task waited for a CPU, µs; null without pressure stall information. */
  readonly pressureUs: number | null
  readonly busy: number
  readonly idle: number
  readonly steal: number
}

/** A watch of the host that can look away. */
export interface HostWatch {
  /** What happens until `resume` is not the measurement's, such as reading counters of components. */
  pause(): void
  resume(): void
  /** Of the time that was watched. */
  stop(): { readonly host: HostHealth; readonly watchedMs: number }
}

const nothing: HostCounters = { atMs: 0, pressureUs: 0, busy: 0, idle: 0, steal: 0 }

/** Watches the host from now on: a few file reads at each end and pause, nothing in between. */
export function startHostHealth(read: () => HostCounters = readHostCounters): HostWatch {
  let since: HostCounters | undefined = read()
  let watched = nothing
  const pause = () => {
    if (since) watched = added(watched, since, read())
    since = undefined
  }
  return {
    pause,
    resume: () => {
      since ??= read()
    },
    stop: () => {
      pause()
      return { host: hostHealth(nothing, watched, loadavg()[0] ?? 0), watchedMs: watched.atMs }
    },
  }
}

function added(sum: HostCounters, from: HostCounters, to: HostCounters): HostCounters {
  const rise = (key: 'atMs' | 'busy' | 'idle' | 'steal') => sum[key] + to[key] - from[key]
  const isKnown = sum.pressureUs !== null && from.pressureUs !== null && to.pressureUs !== null
  return {
    atMs: rise('atMs'),
    pressureUs: isKnown ? sum.pressureUs + to.pressureUs - from.pressureUs : null,
    busy: rise('busy'),
    idle: rise('idle'),
    steal: rise('steal'),
  }
}

/** Shares of the time between two readings. A window too short for the counters to move reads as zero. */
export function hostHealth(before: HostCounters, after: HostCounters, loadAverage1m: number): HostHealth {
  // Idle and steal can step back by a tick on some kernels; a share is never negative.
  const rise = (key: 'busy' | 'idle' | 'steal') => Math.max(0, after[key] - before[key])
  const total = rise('busy') + rise('idle') + rise('steal')
  const share = (part: number, whole: number) => (whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0)
  return {
    cpuPressure:
      before.pressureUs === null || after.pressureUs === null
        ? null
        : share(after.pressureUs - before.pressureUs, (after.atMs - before.atMs) * 1000),
    steal: share(rise('steal'), total),
    busy: share(rise('busy'), total),
    loadAverage1m,
  }
}

/** Reads `<proc>/stat` and `<proc>/pressure/cpu`; elsewhere than on Linux only what Node knows of the CPUs. */
export function readHostCounters(proc = '/proc'): HostCounters {
  const atMs = performance.now()
  const pressureUs = parsePressure(readIfThere(`${proc}/pressure/cpu`))
  const stat = parseCpuTimes(readIfThere(`${proc}/stat`))
  return { atMs, pressureUs, ...(stat ?? nodeCpuTimes()) }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // no such counter on this kernel, or not for this user
  }
}

/** Linux `Documentation/accounting/psi.rst`: `some avg10=0.00 avg60=0.00 avg300=0.00 total=<µs>`. */
function parsePressure(text: string): number | null {
  const total = /^some .*total=(\d+)$/m.exec(text)?.[1]
  return total === undefined ? null : Number(total)
}

/** proc_stat(5): user nice system idle iowait irq softirq steal; guest time is part of user and not added again. */
function parseCpuTimes(text: string): Pick<HostCounters, 'busy' | 'idle' | 'steal'> | undefined {
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(Number)
  if (!fields || fields.length < 4 || fields.some((n) => !Number.isFinite(n))) return undefined
  const [user = 0, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0, steal = 0] = fields
  return { busy: user + nice + system + irq + softIrq, idle: idle + ioWait, steal }
}

function nodeCpuTimes(): Pick<HostCounters, 'busy' | 'idle' | 'steal'> {
  const sum = { busy: 0, idle: 0, steal: 0 }
  for (const { times } of cpus()) {
    sum.busy += times.user + times.nice + times.sys + times.irq
    sum.idle += times.idle
  }
  return sum
}
