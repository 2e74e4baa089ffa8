import { costsOf } from '../analysis/run-spread.ts'
import { switchedRunMs } from '../analysis/run-time.ts'
import type { Backend } from '../backends/backend.ts'
import { plural } from '../plural.ts'
import { startsPerRestart } from '../results/variants.ts'
import { listRuns, openRun } from '../results/store.ts'
import { formatDuration } from '../scenario/duration.ts'
import type { RoundPlan, Scenario } from '../scenario/types.ts'

type Costs = NonNullable<ReturnType<typeof costsOf>>

/** Which way several versions are measured, and about how long that takes; undefined where nothing is switched. */
export async function versionsPlan(
  { name: backend, variants = [], switchesVariants, switchWords }: Backend,
  { name: scenario }: Pick<Scenario, 'name'>,
  rounds: RoundPlan,
  results: string,
): Promise<string | undefined> {
  if (switchesVariants !== true) return undefined
  const known = await knownCosts({ scenario, backend, results }, variants.length)
  const minutes = Math.ceil(switchedRunMs(rounds, variants.length, known?.costs ?? null) / 60_000)
  const shape = `${plural(rounds.restarts, 'restart')} × ${variants.length} versions × ${plural(rounds.count, 'round')}`
  const builds = rounds.builds === 1 ? '' : `${rounds.builds} × `
  const source = known ? `by the times of ${known.id}` : 'by what such testbeds usually take'
  return [
    `Versions ${variants.map(({ name }) => name).join(', ')}: ${switchWords ?? 'switched in place'}.`,
    'Every restart has starts of all of them, in an order that is balanced (A B B A).',
    `${builds}${shape}: about ${formatDuration(minutes * 60_000).replace(/0s$/, '')} (${source}).`,
  ].join(' ')
}

/** Of the newest complete run of the scenario there, as if it had had so many versions. Never throws. */
async function knownCosts(
  { scenario, backend, results }: { scenario: string; backend: string; results: string },
  versions: number,
): Promise<{ readonly id: string; readonly costs: Costs } | undefined> {
  const runs = await listRuns(results).catch(() => [])
  for (const run of runs) {
    if (run.scenario !== scenario || run.backend !== backend || run.status !== 'complete') continue
    const opened = await openRun(results, run.id).catch(() => undefined)
    const costs = opened && costsOf(opened.result)
    if (!opened || !costs) continue
    const factor = versions / startsPerRestart(opened.result)
    const { roundMs, restartMs, buildMs } = costs
    return { id: run.id, costs: { roundMs: roundMs * factor, restartMs: restartMs * factor, buildMs } }
  }
  return undefined
}
