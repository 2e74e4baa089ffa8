import { readRounds } from '../../../results/store.ts'
import type { StoredRun } from '../../../results/store.ts'
import { summarizeRun } from '../../../stats/summarize-run.ts'
import { distributionsOf } from './distribution.ts'
import type { ChartedRun } from './run-charts.ts'

/** Reads what charts and reports need of a stored run. Without a readable journal, distributions come without bands. */
export async function chartedRun(stored: StoredRun): Promise<ChartedRun> {
  const { result } = stored
  const distributions = await distributionsOf(result, readRounds(stored)).catch(
    async () => await distributionsOf(result),
  )
  return { result, summary: summarizeRun(result), distributions }
}
