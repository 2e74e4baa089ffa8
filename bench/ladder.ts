/**
 * The hop-ladder in the lab: per-path p50 with intervals, over several builds. Run with: npm run bench -- ladder
 * Absolute times are of this host at this moment; the order of the paths and the steps between them are what to read.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLab } from '../src/backends/lab/lab.ts'
import type { Reporter } from '../src/measure/reporter.ts'
import { runScenario } from '../src/measure/run-scenario.ts'
import { summaryText } from '../src/report/render/text/summary.ts'
import { loadScenario } from '../src/scenario/load.ts'
import { summarizeRun } from '../src/analysis/summarize-run.ts'

const quiet: Reporter = { step() {}, proven() {}, round() {}, note() {} }

const resultsRoot = await mkdtemp(path.join(tmpdir(), 'hopmeter-bench-'))
try {
  const { result } = await runScenario({
    scenarioFile: await loadScenario('hop-ladder'),
    backend: createLab(),
    resultsRoot,
    reporter: quiet,
    signal: new AbortController().signal,
    seed: 1,
    rounds: { builds: 3, count: 20 },
  })
  process.stdout.write(summaryText(summarizeRun(result)))
} finally {
  await rm(resultsRoot, { recursive: true, force: true })
}
