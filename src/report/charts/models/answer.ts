import { plural } from '../../../plural.ts'
import type { ReportedRun } from '../../words/reported-run.ts'
import { variantFindings } from '../../words/variants.ts'
import { ladderTitle } from './findings.ts'

/**
 * What a run says, in one sentence: what components add, and which paths take the same time. Only steps with a verdict
 * are told; a run whose numbers do not count says that instead.
 */
export function answerOf({ result, summary }: ReportedRun): string {
  const load = result.loads[0]?.id ?? ''
  const steps = summary.steps.filter((step) => step.load === load)
  if (result.status !== 'complete') return `No answer: the run is ${result.status}.`
  // Whoever lets variants stand side by side asks how they differ.
  if (summary.variants) return `${variantFindings(summary.variants).join('; ')}.`
  if (steps.length === 0) return `${plural(summary.paths.length, 'path')}, and no two to compare.`
  const clear = ladderTitle(result, summary, load)
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
