import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runResult } from '../results/schema.ts'
import { listRuns, openRun, readRounds } from '../results/store.ts'
import { controlName } from '../results/testing/sample-run-v1.ts'
import { compareRuns } from '../analysis/compare-runs.ts'
import { summarizeRun } from '../analysis/summarize-run.ts'
import { chartNames, chartsOf } from './charts/write.ts'
import { chartsOfRun } from './charts/models/run-charts.ts'
import { htmlReport } from './render/html/report.ts'
import { markdownReport } from './render/markdown/report.ts'
import { comparisonText } from './render/text/comparison.ts'
import { summaryText } from './render/text/summary.ts'
import { sampleReportRun } from './testing/sample-runs.ts'

const kept = fileURLToPath(new URL('../../results', import.meta.url))
const withControl = (await listRuns(kept))
  .filter(({ scenario }) => scenario === 'single-cluster')
  .map(({ id }) => id)

describe('a run of result format 1', () => {
  test('is read as a run whose builds have one start each, with no noise floor and no costs', async () => {
    const { result, summary } = await sampleReportRun({ format: 1, rounds: 20 })
    expect(runResult.parse(JSON.parse(JSON.stringify(result)))).toEqual(result)
    expect(result).toMatchObject({ schemaVersion: 1, restarts: [] })
    expect(summary).toMatchObject({ builds: 1, restarts: 1, rounds: 20, unit: 'round', costs: null })
    for (const { floor } of summary.paths) expect(floor).toBeNull()
    for (const { withinFloorNs, spread } of summary.steps) {
      expect(withinFloorNs).toBeNull()
      expect(spread).toMatchObject({ restartNs: null, buildNs: null, wouldDecide: null })
    }
  })

  test('has the ladder of the same run of format 2: its control is no path of it', async () => {
    const [old, now] = [
      await sampleReportRun({ format: 1, rounds: 20 }),
      await sampleReportRun({ format: 2, rounds: 20 }),
    ]
    expect(old.result.paths.map(({ name }) => name)).toContain(controlName)
    expect(old.summary.steps.map(({ from, to }) => [from, to])).toEqual(
      now.summary.steps.map(({ from, to }) => [from, to]),
    )
    for (const [i, { comparison }] of old.summary.steps.entries()) {
      expect(comparison).toEqual(now.summary.steps[i]!.comparison)
    }
    // Its requests passed components all the same, so what these cost is over them too.
    const [latencies] = summaryText(old.summary).split('CPU time per request')
    expect(latencies).not.toContain(controlName)
    expect(chartNames(chartsOfRun(old))).toEqual(chartNames(chartsOfRun(now)))
    expect(JSON.stringify(chartsOfRun(old))).not.toContain(controlName)
  })

  test('is compared with its like, levels and ratios, without its control', async () => {
    const { result } = await sampleReportRun({ format: 1, rounds: 6 })
    const found = compareRuns({ label: 'a', runs: [result] }, { label: 'b', runs: [result] })
    expect(found.levelsRefused).toBeNull()
    expect(new Set(found.rows.map(({ path }) => path))).toEqual(
      new Set(['no-mesh', 'single', 'same-network', 'gateway', 'load-balancer']),
    )
    expect(comparisonText(found)).not.toContain(controlName)
  })

  test('is compared with a run of format 2 by ratios only: it has another path, the control', async () => {
    const [old, now] = [
      await sampleReportRun({ format: 1 }),
      await sampleReportRun({ format: 2, restarts: 2 }),
    ]
    const found = compareRuns({ label: 'a', runs: [old.result] }, { label: 'b', runs: [now.result] })
    expect(found.levelsRefused).toContain(controlName)
    expect(found.rows.length).toBeGreaterThan(0)
    for (const { relativeTo } of found.rows) expect(relativeTo).toBe('no-mesh')
    expect(comparisonText(found)).toContain('levels are not compared')
  })
})

test('runs of format 1 are kept with the project', () => {
  expect(withControl.length).toBeGreaterThan(0)
})

describe.each(withControl)('the kept run %s', (id) => {
  test('is read from its result and from its journal, and summarized without its controls', async () => {
    const { result, path } = await openRun(kept, id)
    const controls = result.paths.filter(({ controlOf }) => controlOf !== undefined).map(({ name }) => name)
    expect(result.schemaVersion).toBe(1)
    expect(controls.length).toBeGreaterThan(0)
    let rounds = 0
    for await (const round of readRounds({ path })) {
      rounds += 1
      expect(round.restart).toBeUndefined()
    }
    const summary = summarizeRun(result)
    expect(summary.rounds).toBe(rounds)
    expect(summary.restarts).toBe(result.builds.length)
    expect(summary.paths.length).toBeGreaterThan(0)
    for (const { path: name } of summary.paths) expect(controls).not.toContain(name)
    expect(summary.steps.length).toBeGreaterThan(0)
    for (const { comparison } of summary.steps) expect(comparison.unit).toBe('round')
    expect(summaryText(summary)).toContain(summary.paths[0]!.path)
  })

  test('is charted, reported and compared with itself', async () => {
    const stored = await openRun(kept, id)
    const specs = await chartsOf([stored])
    const controls = stored.result.paths.filter(({ controlOf }) => controlOf !== undefined)
    expect(chartNames(specs).some((name) => name.startsWith('ladder'))).toBe(true)
    for (const { name } of controls) expect(JSON.stringify(specs)).not.toContain(`"${name}"`)
    const run = { result: stored.result, summary: summarizeRun(stored.result), distributions: [] }
    expect(htmlReport([run])).toContain(id)
    expect(markdownReport([run])).toContain(id)
    const found = compareRuns({ label: 'a', runs: [stored.result] }, { label: 'b', runs: [stored.result] })
    expect(found.levelsRefused).toBeNull()
    for (const row of found.rows) {
      expect(controls.map(({ name }) => name)).not.toContain(row.path)
      expect(['slower', 'faster']).not.toContain(row.comparison.verdict)
    }
  })
})
