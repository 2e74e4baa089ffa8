import type { RunResult } from './schema.ts'

type Traits = Pick<RunResult, 'backend' | 'builds'>

/** Backends whose CPU counters were coarse, for files of before that was recorded. */
const onceCoarse: ReadonlySet<string> = new Set(['contexts'])

/** Whether stand-ins forwarded the bytes, so that the numbers are not those of what they stand for. */
export function isSimulated({ builds: [build] }: Pick<Traits, 'builds'>): boolean {
  if (build?.engine.simulated !== undefined) return build.engine.simulated
  return build?.engine.name.startsWith('lab-') === true
}

/** Whether CPU counters moved too seldom to tell turns and rounds apart. */
export function hasCoarseCpu({ backend, builds: [build] }: Traits): boolean {
  return build?.cpuSource ? !build.cpuSource.perTurn : onceCoarse.has(backend)
}
