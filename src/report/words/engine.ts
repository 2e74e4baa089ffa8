import { enginesOf } from '../../results/build-traits.ts'
import type { RunResult } from '../../results/schema.ts'

/** e.g. `istio 1.27.1`; of variants with several engines each, with whose it is. */
export function engineOf(result: Pick<RunResult, 'backend' | 'builds'>): string {
  return enginesOf(result) ?? 'no engine'
}
