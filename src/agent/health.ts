import { readFileSync } from 'node:fs'
import { performance, type EventLoopUtilization } from 'node:perf_hooks'
import type { GeneratorHealth } from './protocol.ts'

/**
 * Watches the generator itself, so that a round that it spoiled can be told from a slow path: counters that the system
 * keeps anyway, read before and after a turn. Nothing runs while requests are on their way: a monitor of the event loop
 * with ticks of a millisecond moved the step to a gateway by 17 µs (docs/measurement.md).
 */
export class HealthMonitor {
  #startedAtMs = 0
  #cpu: NodeJS.CpuUsage = { user: 0, system: 0 }
  #loop: EventLoopUtilization = { idle: 0, active: 0, utilization: 0 }
  #runDelayNs: number | null = null
  #switches = 0

  start(): void {
    this.#cpu = process.cpuUsage()
    this.#loop = performance.eventLoopUtilization()
    this.#runDelayNs = runDelayNs()
    this.#switches = process.resourceUsage().involuntaryContextSwitches
    this.#startedAtMs = performance.now()
  }

  /** What happened since `start`. */
  stop(): GeneratorHealth {
    const wallMs = performance.now() - this.#startedAtMs
    const cpu = process.cpuUsage(this.#cpu)
    const loop = performance.eventLoopUtilization(this.#loop)
    const now = runDelayNs()
    return {
      wallMs,
      cpuMs: (cpu.user + cpu.system) / 1000,
      eventLoopUtilization: loop.utilization,
      runDelayNs: now === null || this.#runDelayNs === null ? null : now - this.#runDelayNs,
      involuntarySwitches: process.resourceUsage().involuntaryContextSwitches - this.#switches,
    }
  }
}

/** Second field of /proc/<pid>/schedstat of the main thread (Linux, Documentation/scheduler/sched-stats). */
function runDelayNs(): number | null {
  try {
    const field = readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]
    return field === undefined ? null : Number(field)
  } catch {
    return null
  }
}
