import { expect, test } from 'vitest'
import { sampleEvents } from '../../results/testing/sample-run.ts'
import { sampleReportRun } from '../testing/sample-runs.ts'
import { proofText } from '../render/text/proof.ts'
import { summaryText } from '../render/text/summary.ts'
import { caveats } from './caveats.ts'

const [evidence] = sampleEvents().flatMap((event) => (event.type === 'round' ? event.evidence : []))

test.each([
  [1, 'answered 1 time by echo-1 in east-1'],
  [1200, 'answered 1,200 times by echo-1 in east-1'],
])('a proof says how often a pod answered: %i', (count, text) => {
  const answeredBy = [{ cluster: 'east-1', pod: 'echo-1', count }]
  expect(proofText({ evidence: [{ ...evidence!, answeredBy }], unreachable: [] })).toContain(text)
})

test('a summary of one flagged round in one restart says so in the singular', async () => {
  const { summary } = await sampleReportRun({ rounds: 1, allFlagged: true })
  expect(summaryText(summary)).toContain(', 1 round in 1 restart, seed')
  expect(caveats(summary)).toContainEqual(
    expect.stringContaining('1 of 1 round (100 %) is flagged; it is counted here'),
  )
})

test('a summary of several rounds, restarts and builds says so in the plural', async () => {
  const { summary } = await sampleReportRun({ rounds: 3, restarts: 2, allFlagged: true })
  const text = summaryText({ ...summary, builds: 2 })
  expect(text).toContain(', 6 rounds in 2 restarts of 2 builds, seed')
  expect(text).toContain('6 of 6 rounds (100 %) are flagged; they are counted here')
})
