import type { RunSummary, StepSummary } from '../../../analysis/summarize-run.ts'
import { plural } from '../../../plural.ts'
import type { RunResult } from '../../../results/schema.ts'
import type { ReportedRun } from '../../words/reported-run.ts'
import { variantFindings } from '../../words/variants.ts'
import { ladderTitle } from './findings.ts'

/**
 * What a run says, in one sentence: what components add, and which paths take the same time. Only steps with a verdict
 * are told; a run whose numbers do not count says that instead.
 */
export function answerOf({ result, summary }: ReportedRun): string {
  if (result.status !== 'complete') return `No answer: the run is ${result.status}.`
  const { variants } = summary
  if (!variants) return ladderAnswer(result, summary, summary.steps)
  // Whoever lets variants stand side by side asks how they differ.
  const differences = `${variantFindings(variants).join('; ')}.`
  const last = variants.variants.at(-1)?.name
  if (!variants.areSwitched || last === undefined) return differences
  // Whoever measures versions asks what a path costs, too: the ladder of the version that was named last.
  const own = new Map(
    summary.paths.flatMap(({ path, variant, scenarioPath }) =>
      variant === last ? [[path, scenarioPath ?? path] as const] : [],
    ),
  )
  const steps = summary.steps.flatMap((step): StepSummary[] => {
    const [from, to] = [own.get(step.from), own.get(step.to)]
    return from === undefined || to === undefined ? [] : [{ ...step, from, to }]
  })
  return `${last}: ${ladderAnswer(result, summary, steps)} ${differences}`
}

function ladderAnswer(result: RunResult, summary: RunSummary, all: readonly StepSummary[]): string {
  const load = result.loads[0]?.id ?? ''
  const steps = all.filter((step) => step.load === load)
  if (steps.length === 0) return `${plural(summary.paths.length, 'path')}, and no two to compare.`
  const clear = ladderTitle(result, { ...summary, steps }, load)
  const same = steps
    .filter(({ comparison }) => comparison.verdict === 'same')
    .map(({ from, to }) => `${to} takes as long as ${from}`)
  const said = [...(clear === result.scenario.title ? [] : [clear]), ...same]
  const open = steps.filter(({ comparison }) => comparison.verdict === 'cannot tell').length
  if (said.length === 0) {
    return `Not decided: of ${plural(steps.length, 'step')} between paths, ${open} cannot be told from nothing.`
  }
  const sentence = said.join('; ')
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${open === 0 ? '' : `; ${plural(open, 'step')} cannot be told from nothing`}.`
}
