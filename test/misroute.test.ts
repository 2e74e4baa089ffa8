import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLab } from '../src/backends/lab/lab.ts'
import { PathMismatchError } from '../src/errors.ts'
import type { VerifyMode } from '../src/measure/options.ts'
import type { Reporter } from '../src/measure/reporter.ts'
import { runScenario } from '../src/measure/run-scenario.ts'
import { openRun } from '../src/results/store.ts'
import { loadScenario } from '../src/scenario/load.ts'

const silent: Reporter = { step() {}, proven() {}, round() {}, note() {} }
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hopmeter-misroute-'))
  process.env['HOPMETER_LOCK_NAME'] = path.basename(folder)
})

afterEach(async () => {
  delete process.env['HOPMETER_LOCK_NAME']
  await rm(folder, { recursive: true, force: true })
})

/** `mixed` has direct paths and gateway paths, so it can be misrouted both ways. */
async function runMisrouted(misroute: 'direct-through-gateway' | 'gateway-sent-direct', verify: VerifyMode) {
  return runScenario({
    scenarioFile: await loadScenario('mixed'),
    backend: createLab({ misroute }),
    resultsRoot: folder,
    reporter: silent,
    signal: new AbortController().signal,
    verify,
    seed: 1,
    rounds: { count: 2, durationMs: 300, warmupMs: 0, restarts: 1 },
  })
}

describe('evidence against a testbed that is misrouted on purpose', () => {
  test('direct traffic through a gateway stops a strict run before it measures, and says why', async () => {
    const error = await runMisrouted('direct-through-gateway', 'strict').then(
      () => undefined,
      (e: unknown) => e,
    )
    expect(error).toBeInstanceOf(PathMismatchError)
    expect(String(error)).toContain('expected 4 components')
    expect(String(error)).toContain('east-west gateway')
    expect(String(error)).toContain('takes the server for another network')
    const { result } = await openRun(folder, 'latest')
    expect(result.status).toBe('path-mismatch')
    expect(result.measured).toEqual([])
    expect(result.proofs.flatMap((proof) => proof.evidence).some((e) => e.verdict === 'mismatch')).toBe(true)
  })

  test('gateway traffic sent direct stops a strict run, and says why', async () => {
    const error = await runMisrouted('gateway-sent-direct', 'strict').then(
      () => undefined,
      (e: unknown) => e,
    )
    expect(error).toBeInstanceOf(PathMismatchError)
    expect(String(error)).toContain('expected 5 components')
    expect(String(error)).toContain('takes the server for its own network')
  })

  test('a run with --verify warn goes on and is marked', async () => {
    const { result, directory } = await runMisrouted('gateway-sent-direct', 'warn')
    expect(result.status).toBe('path-mismatch')
    expect(result.measured).toHaveLength(2)
    for (const round of result.measured) expect(round.flags).toContain('path-not-proven')
    expect(await readFile(path.join(directory, 'journal.ndjson'), 'utf8')).toContain('"mismatch"')
  })
})
