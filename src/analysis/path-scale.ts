import type { RunResult } from '../results/schema.ts'
import type { Scale } from '../stats/scale.ts'

/** Paths that an emulated delay sets apart differ by a fixed time; all others by a factor (`scale.ts`). */
export function scaleBetween(a: RunResult['paths'][number], b: RunResult['paths'][number]): Scale {
  return (a.addedRttMs ?? 0) === (b.addedRttMs ?? 0) ? 'ratio' : 'difference'
}
