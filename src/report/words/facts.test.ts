import { expect, test } from 'vitest'
import { provenPaths } from '../../evidence/is-proven.ts'
import { sampleVariants } from '../../results/testing/sample-variants.ts'
import { comparePaths } from '../../analysis/compare-paths.ts'
import { plainText } from '../tables/table.ts'
import { pathProofTable } from '../tables/path-proof.ts'
import { sampleReportRun } from '../testing/sample-runs.ts'
import { environmentFacts, threeSentences } from './facts.ts'

test('counts the paths of the scenario, and not their controls', async () => {
  const run = await sampleReportRun({ format: 1 })
  expect(run.result.paths.some((path) => path.controlOf !== undefined)).toBe(true)
  expect(threeSentences(run)[0]).toMatch(/^5 paths of the scenario hop-ladder were measured/)
})

test('proven means the same to the sentences, the table and compare: in every round', async () => {
  const run = await sampleReportRun()
  const [first, ...rest] = run.result.measured
  const evidence = first!.evidence.map((e) =>
    e.path === 'gateway' ? { ...e, verdict: 'unproven' as const } : e,
  )
  const result = { ...run.result, measured: [{ ...first!, evidence }, ...rest] }
  const spoiled = { ...run, result }
  expect(provenPaths(result).has('gateway')).toBe(false)
  expect(threeSentences(spoiled)[1]).toBe('Not proven in every round: gateway.')
  expect(comparePaths(result, 'single', 'gateway').leftOut).toEqual(['gateway'])
  const table = pathProofTable(spoiled)
  const row = table.rows.find(([name]) => name !== undefined && plainText(name) === 'gateway')
  expect(plainText(row!.at(-1)!)).toMatch(/^unproven/)
})

test('the environment has each variant by its name, with its engine and what was asked of it', async () => {
  const said = new Map(environmentFacts(await sampleReportRun({ restarts: 2, variants: sampleVariants })))
  expect(said.get('variant base')).toBe('lab-ztunnel 1.30.3')
  expect(said.get('variant pr')).toBe('lab-ztunnel 1.31.0, ztunnel-threads 1')
})

test('the environment says whether control planes ran, what a restart was of, and what versions do not agree', async () => {
  const run = await sampleReportRun()
  expect(environmentFacts(run).map(([name]) => name)).not.toContain('control planes')
  const facts = { controlPlanes: 'frozen while rounds run', restarted: 'pods', versionNotes: 'istiod of a' }
  const builds = run.result.builds.map((build) => ({ ...build, facts: { ...build.facts, ...facts } }))
  const said = new Map(environmentFacts({ ...run, result: { ...run.result, builds } }))
  expect(said.get('control planes')).toBe('frozen while rounds run')
  expect(said.get('restarts of')).toBe('pods')
  expect(said.get('versions that disagree')).toBe('istiod of a')
})
