import { ResultError } from '../errors.ts'
import { designText } from '../report/words/spread.ts'
import { listRuns, openRun } from '../results/store.ts'
import { designFor } from '../analysis/run-spread.ts'
import { summarizeRun } from '../analysis/summarize-run.ts'
import { defaultBackend } from './options.ts'

/**
 * The cheapest run of a scenario that finds a difference of that size in four of five cases, from the spread and the
 * times of its newest complete run.
 * @throws ResultError when there is no such run to plan from
 */
export async function planToResolve(
  { scenario, backend, results }: { scenario: string; backend: string; results: string },
  resolveNs: number,
): Promise<string> {
  const command = `hopmeter run ${scenario}${backend === defaultBackend ? '' : ` --backend ${backend}`}`
  const runs = await listRuns(results)
  const known = runs.filter(
    (run) => run.scenario === scenario && run.backend === backend && run.status === 'complete',
  )
  for (const { id } of known) {
    const { result } = await openRun(results, id)
    const summary = summarizeRun(result)
    if (summary.costs === null || summary.restarts < 2) continue
    const [load = ''] = summary.steps.map((step) => step.load)
    const steps = summary.steps.filter((step) => step.load === load)
    const design = designFor(steps, summary.costs, resolveNs)
    const size = `±${Number((resolveNs / 1000).toPrecision(3))} µs`
    const source = `from the spread and times of ${id}`
    if (!design) return `No practical run of ${scenario} resolves ${size} on this host (${source}).`
    return [
      `To resolve ${size} in every step under ${load}: ${designText(design)} (${source}).`,
      `${command} --restarts ${design.restarts} --rounds ${design.rounds}`,
    ].join('\n')
  }
  throw new ResultError(`there is no complete run of ${scenario} on ${backend} in ${results} to plan from`, {
    hint: `${command} --restarts 6 is enough to tell how much it varies`,
  })
}
