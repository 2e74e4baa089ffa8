import { readRounds } from '../../../results/store.ts'
import type { StoredRun } from '../../../results/store.ts'
import { summarizeRun } from '../../../analysis/summarize-run.ts'
import { distributionsOf } from './distribution.ts'
import type { ChartedRun } from '../chart-module.ts'

/** With more runs than this, journals stay unread: a hundred of them would take minutes. */
const mostWithBands = 5

/** What charts and reports need of stored runs, in their order. */
export async function chartedRuns(runs: readonly StoredRun[]): Promise<ChartedRun[]> {
  const charted: ChartedRun[] = []
  for (const run of runs) charted.push(await chartedRun(run, { bands: runs.length <= mostWithBands }))
  return charted
}

/**
 * What charts and reports need of a stored run. `bands` reads its journal; where that cannot be read, or is not
 * wanted, distributions come without bands.
 */
export async function chartedRun(
  stored: StoredRun,
  { bands = true }: { readonly bands?: boolean } = {},
): Promise<ChartedRun> {
  const { result } = stored
  const without = async () => await distributionsOf(result)
  const distributions = bands
    ? await distributionsOf(result, readRounds(stored)).catch(without)
    : await without()
  return { result, summary: summarizeRun(result), distributions }
}
