import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeAtomically } from '../results/durable.ts'
import type { RunResult } from '../results/schema.ts'
import { madeRun } from '../analysis/testing/made-run.ts'
import { planToResolve } from './plan-resolve.ts'

const id = '2026-11-23t01-02-03z-hop-ladder-7f3a'
let results: string

beforeEach(() => {
  results = mkdtempSync(path.join(tmpdir(), 'hopmeter-plan-'))
})
afterEach(() => rmSync(results, { recursive: true }))

async function keep(result: RunResult): Promise<void> {
  await mkdir(path.join(results, result.id))
  await writeAtomically(path.join(results, result.id, 'result.json'), JSON.stringify(result))
}

const asked = (backend: string) => ({ scenario: 'hop-ladder', backend, results })

test.each([
  ['lab', /^hopmeter run hop-ladder --restarts \d+ --rounds \d+$/m],
  ['kind', /^hopmeter run hop-ladder --backend kind --restarts \d+ --rounds \d+$/m],
] as const)('a plan from a run on %s is the command that runs there again', async (backend, command) => {
  await keep({ ...(await madeRun({ id, restarts: 8, rounds: 3 })), backend })
  const text = await planToResolve(asked(backend), 2_000)
  expect(text).toMatch(command)
  expect(text).toContain(`from the spread and times of ${id}`)
})

test('a smaller difference takes no fewer restarts', async () => {
  await keep(await madeRun({ id, restarts: 8, rounds: 3, restartNs: 60_000 }))
  const restarts = async (resolveNs: number) =>
    Number(/--restarts (\d+)/.exec(await planToResolve(asked('lab'), resolveNs))?.[1])
  expect(await restarts(5_000)).toBeGreaterThan(await restarts(50_000))
})

test('without a run that tells how much starts differ, the next step is named', async () => {
  await keep(await madeRun({ id, restarts: 1, rounds: 20 }))
  await expect(planToResolve(asked('lab'), 2_000)).rejects.toMatchObject({
    hint: expect.stringContaining('hopmeter run hop-ladder --restarts 6') as string,
  })
})
