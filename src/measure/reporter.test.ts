import { expect, test } from 'vitest'
import { sampleRound } from '../results/testing/sample-run.ts'
import { harmless, type Reporter } from './reporter.ts'

test('a reporter that fails is told everything, and fails nobody', () => {
  const told: string[] = []
  const fail = (what: string) => () => {
    told.push(what)
    throw new Error('the terminal is gone')
  }
  const broken: Reporter = {
    step: fail('step'),
    proven: fail('proven'),
    round: fail('round'),
    note: fail('note'),
  }
  const reporter = harmless(broken)
  reporter.step('one')
  reporter.proven([])
  reporter.round(sampleRound(), { done: 1, total: 2, leftMs: 1 })
  reporter.note('info', 'two')
  expect(told).toEqual(['step', 'proven', 'round', 'note'])
})
