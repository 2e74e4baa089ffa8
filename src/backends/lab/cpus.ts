import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { run } from '../../process/exec.ts'
import { profileOf, type Load } from '../../load/profiles.ts'
import { descendants } from './child-process.ts'
import type { LabCommand } from './command.ts'
import { toolEnv } from './tools.ts'

/** CPUs that the programs of a lab may use. */
export type LabCpus = 'one' | 'all'

/**
 * The CPU that all programs of a lab share, or undefined where they may use all. With one request in flight only one
 * of them runs at a time, and what remains is the scheduler's choice which CPU each wakes on: that choice moves a path
 * by more than what is to be measured, and lasts for seconds (docs/measurement.md, "One CPU"). Loads with several
 * requests in flight need all CPUs.
 */
export function sharedCpu(loads: readonly Load[], asked?: LabCpus): number | undefined {
  const cpus = asked ?? (loads.every(({ profile }) => profileOf(profile).hasOneInFlight) ? 'one' : 'all')
  return cpus === 'all' || availableParallelism() < 2 ? undefined : lastAllowedCpu()
}

/** The last one, because interrupts mostly come to the first. undefined where the kernel does not say. */
function lastAllowedCpu(): number | undefined {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
    const last = /(\d+)$/.exec(list)?.[1]
    return last === undefined ? undefined : Number(last)
  } catch {
    return undefined
  }
}

/** The command, started on that CPU. */
export function onCpu(command: LabCommand, cpu: number | undefined): LabCommand {
  if (cpu === undefined) return command
  return { ...command, file: 'taskset', args: ['--cpu-list', String(cpu), command.file, ...command.args] }
}

/**
 * Moves all threads of a running program, which started faster on all CPUs, and of all that it started; what these
 * start from then on inherits it. @throws CommandError
 */
export async function moveToCpu(pid: number, cpu: number, signal: AbortSignal): Promise<void> {
  const moved = new Set<number>()
  for (;;) {
    const left = [pid, ...descendants(pid)].filter((one) => !moved.has(one))
    if (left.length === 0) return
    for (const one of left) moved.add(one)
    await Promise.all(
      left.map((one) =>
        moveOne(one, cpu, signal).catch((error: unknown) => {
          // What it started may be over already.
          if (one === pid || existsSync(`/proc/${one}`)) throw error
        }),
      ),
    )
  }
}

async function moveOne(pid: number, cpu: number, signal: AbortSignal): Promise<void> {
  await run('taskset', ['--all-tasks', '--pid', '--cpu-list', String(cpu), String(pid)], {
    env: toolEnv,
    signal,
  })
}
