import { expect, test } from 'vitest'
import { sampleReportRun } from './testing/sample-runs.ts'
import { toCsv } from './export/csv.ts'
import { htmlReport } from './render/html/report.ts'
import { roundName } from '../results/round-name.ts'

test('a round is named by its build, its restart and its own number; by two of them in format 1', () => {
  expect(roundName({ build: 2, restart: 3, round: 4 })).toBe('build 2, restart 3, round 4')
  expect(roundName({ build: 2, round: 4 })).toBe('build 2, round 4')
})

test('no two rounds of a run have one name, wherever rounds are listed', async () => {
  const run = await sampleReportRun({ rounds: 2, restarts: 3, allFlagged: true })
  const names = run.result.measured.map(roundName)
  expect(new Set(names).size).toBe(6)
  const html = htmlReport([run])
  for (const name of names) expect(html).toContain(`${name}: lost-requests`)
  expect(html).toContain('Evidence for single: build 1, restart 1, round 1')
  const rows = toCsv(run.result).trimEnd().split('\r\n')
  const [head = '', ...cells] = rows
  expect(head.split(',').slice(3, 6)).toEqual(['build', 'restart', 'round'])
  const keys = cells.map((row) => row.split(',')).map((row) => [...row.slice(3, 6), row[8]].join('/'))
  expect(new Set(keys).size).toBe(cells.length)
})

test('older runs keep their columns: their rounds are of the first restart', async () => {
  const run = await sampleReportRun({ format: 1, rounds: 2 })
  const [, row = ''] = toCsv(run.result).split('\r\n')
  expect(row.split(',').slice(3, 6)).toEqual(['1', '1', '1'])
  expect(htmlReport([run])).toContain('Evidence for single: build 1, round 1')
})
