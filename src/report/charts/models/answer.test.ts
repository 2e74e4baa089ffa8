import { expect, test } from 'vitest'
import { sampleReportRun } from '../../testing/sample-runs.ts'
import { answerOf } from './answer.ts'

const run = await sampleReportRun()
const load = run.result.loads[0]!.id
type Verdict = (typeof run.summary.steps)[number]['comparison']['verdict']

/** The sample with these verdicts of its steps. */
const answerWith = (verdictOf: (place: number) => Verdict) => {
  const steps = run.summary.steps.map((step, place) => ({
    ...step,
    comparison: { ...step.comparison, verdict: verdictOf(place) },
  }))
  return answerOf({ ...run, summary: { ...run.summary, steps } })
}

test('tells what has a verdict: what components add, which paths take the same time, and how much is open', () => {
  const own = run.summary.steps.filter((step) => step.load === load)
  const same = own.findIndex(({ adds }) => adds.length === 0)
  const { from, to } = own[same]!
  const answer = answerWith((place) => (place === same ? 'same' : 'slower'))
  expect(answer).toMatch(/^In the lab, |^[A-Z0-9]/)
  expect(answer).toContain(`; ${to} takes as long as ${from}.`)
  expect(answerWith((place) => (place === same ? 'cannot tell' : 'slower'))).toMatch(
    /; 1 step cannot be told from nothing\.$/,
  )
})

test('does not answer what is not decided, nor by a run whose numbers do not count', () => {
  expect(answerWith(() => 'cannot tell')).toMatch(/^Not decided: of \d+ steps between paths, \d+ cannot/)
  expect(answerOf({ ...run, result: { ...run.result, status: 'void' } })).toBe('No answer: the run is void.')
})
