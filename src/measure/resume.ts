import { ResultError } from '../errors.ts'
import { describeEnvironment, environmentHash } from '../results/fingerprint.ts'
import type { RunResult } from '../results/schema.ts'
import { startsPerRestart } from '../results/variants.ts'
import { hopmeterVersion } from '../version.ts'

/** A build to stand up: its number, and which restarts of the run it has, 1-based over the whole run. */
export interface PlannedBuild {
  readonly build: number
  readonly restarts: readonly number[]
}

type RunShape = Pick<RunResult, 'rounds' | 'measured' | 'builds' | 'variants' | 'switched'>

/** All builds of a run that begins. */
export function wholeRun({ builds, restarts = 1 }: RunResult['rounds']): readonly PlannedBuild[] {
  return Array.from({ length: builds }, (_, b) => ({
    build: b + 1,
    restarts: Array.from({ length: restarts }, (__, r) => b * restarts + r + 1),
  }))
}

/**
 * What is left of a run that ended early. Restarts whose rounds are all there are done; those that are not are begun
 * again, as restarts of new builds, because the testbed has to be stood up anew.
 */
export function restOfRun(run: RunShape): readonly PlannedBuild[] {
  const { rounds, measured, builds } = run
  const { restarts = 1 } = rounds
  const count = rounds.count * startsPerRestart(run)
  const held = new Map<string, number>()
  for (const { build, restart = 1 } of measured) {
    const key = `${build}/${restart}`
    held.set(key, (held.get(key) ?? 0) + 1)
  }
  const done = [...held.values()].filter((own) => own >= count).length
  const firstFree = Math.max(0, ...builds.map(({ build }) => build)) + 1
  const left = Array.from({ length: rounds.builds * restarts - done }, (_, i) => done + i + 1)
  const planned: PlannedBuild[] = []
  for (const place of left) {
    const isNewBuild = planned.length === 0 || (place - 1) % restarts === 0
    if (isNewBuild) planned.push({ build: firstFree + planned.length, restarts: [place] })
    else planned[planned.length - 1] = { ...planned.at(-1)!, restarts: [...planned.at(-1)!.restarts, place] }
  }
  return planned
}

/**
 * @throws ResultError when the run has nothing left, or was measured by another hopmeter or on another machine: what
 * would be added could not be told from a difference between the two.
 */
export async function requireResumable(run: RunResult): Promise<void> {
  const { id, status, environment } = run
  if (status !== 'interrupted' && status !== 'failed') {
    throw new ResultError(`${id} is ${status}; only a run that ended early can go on`, {
      hint: 'start another: hopmeter run',
    })
  }
  if (restOfRun(run).length === 0)
    throw new ResultError(`${id} has all its rounds; nothing is left to measure`)
  const now = await describeEnvironment()
  const differences = [
    ...(run.hopmeterVersion === hopmeterVersion
      ? []
      : [`hopmeter ${run.hopmeterVersion} then, ${hopmeterVersion} now`]),
    ...(environmentHash(environment) === environmentHash(now)
      ? []
      : Object.keys({ ...environment, ...now })
          .filter((key) => !['loadAverage', 'hostname'].includes(key) && environment[key] !== now[key])
          .map((key) => `${key}: ${String(environment[key])} then, ${String(now[key])} now`)),
  ]
  if (differences.length > 0) {
    throw new ResultError(`${id} cannot go on here: ${differences.join('; ')}`, {
      hint: 'start another run; compare takes several runs a side',
    })
  }
}
