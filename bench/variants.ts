/**
 * How often are variants told apart rightly? Whole campaigns in the lab: the same programs twice, side by side, or two
 * that differ, judged as `summary` judges them.
 * Run with: npm run bench variants [-- --ztunnel FILE --other FILE|key=value --scenario same-network --campaigns 20
 * --restarts 12 --rounds 3 --duration-ms 1000 --margin-us 5]. Without --other it is A/A; exits with 1 then when more verdicts than one in
 * twenty are wrong, and with 1 always when nothing could be compared.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { median } from 'simple-statistics'
import { summarizeRun } from '../src/analysis/summarize-run.ts'
import { createLab } from '../src/backends/lab/lab.ts'
import { labVariants } from '../src/backends/lab/variant-options.ts'
import { runScenario } from '../src/measure/run-scenario.ts'
import { textTable } from '../src/report/render/text/table.ts'
import { loadScenario } from '../src/scenario/load.ts'
import type { Comparison } from '../src/stats/comparison.ts'

const { values } = parseArgs({
  options: {
    ztunnel: { type: 'string', default: 'node' },
    other: { type: 'string' },
    scenario: { type: 'string', default: 'same-network' },
    campaigns: { type: 'string', default: '20' },
    restarts: { type: 'string', default: '12' },
    rounds: { type: 'string', default: '3' },
    'duration-ms': { type: 'string', default: '1000' },
    'margin-us': { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  },
})
const deltaNs = 1000 * Number(values['margin-us'])
const isSame = values.other === undefined
const other = values.other?.includes('=') ? values.other : `ztunnel=${values.other ?? values.ztunnel}`
const chosen = labVariants({
  ztunnel: values.ztunnel === 'node' ? [] : [values.ztunnel],
  variant: [`a:ztunnel=${values.ztunnel}`, `b:${other}`],
})
const scenarioFile = await loadScenario(values.scenario)
const folder = await mkdtemp(path.join(tmpdir(), 'hopmeter-variants-'))
const found = new Map<string, Comparison[]>()
const seconds: number[] = []
try {
  for (let i = 0; i < Number(values.campaigns); i++) {
    const startedMs = performance.now()
    const { result } = await runScenario({
      scenarioFile,
      backend: createLab(chosen),
      resultsRoot: folder,
      reporter: { step() {}, proven() {}, round() {}, note() {} },
      signal: new AbortController().signal,
      rounds: {
        restarts: Number(values.restarts),
        count: Number(values.rounds),
        durationMs: Number(values['duration-ms']),
      },
      seed: Number(values.seed) + i,
    })
    seconds.push((performance.now() - startedMs) / 1000)
    if (i === 0) {
      for (const { name, engine } of result.builds[0]?.variants ?? [])
        process.stdout.write(`${name}: ${engine.name} ${engine.version}\n`)
    }
    for (const row of summarizeRun(result, { deltaNs }).variants?.rows ?? []) {
      if (row.quantile !== 'p50' || !row.isHeadline) continue
      found.set(row.path, [...(found.get(row.path) ?? []), row.comparison])
      const { difference, low, high, verdict } = row.comparison
      const us = (ns: number | null) => (ns === null ? '-' : (ns / 1000).toFixed(2))
      process.stdout.write(`${i + 1} ${row.path}: ${us(difference)} [${us(low)}, ${us(high)}] ${verdict}\n`)
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

const count = (comparisons: readonly Comparison[], ...verdicts: string[]) =>
  comparisons.filter(({ verdict }) => verdicts.includes(verdict)).length
const rows = [...found].map(([name, comparisons]) => [
  name,
  String(comparisons.length),
  ...['same', 'slower', 'faster', 'cannot tell'].map((verdict) => String(count(comparisons, verdict))),
  (median(comparisons.map(({ difference }) => difference ?? Number.NaN)) / 1000).toFixed(2),
  (
    median(comparisons.map(({ low, high }) => ((high ?? Number.NaN) - (low ?? Number.NaN)) / 2)) / 1000
  ).toFixed(2),
])
const header = ['path', 'campaigns', 'same', 'slower', 'faster', 'cannot tell', 'median read, µs', '± µs']
process.stdout.write(
  `${isSame ? 'A/A' : 'A/B'}, b against a, p50, margin ±${values['margin-us']} µs, ${values.restarts} restarts of ${values.rounds} rounds of ${values['duration-ms']} ms, ${median(seconds).toFixed(0)} s each:\n` +
    `${textTable(header, rows, [1, 2, 3, 4, 5, 6, 7])}\n`,
)
const all = [...found.values()].flat()
if (all.length === 0 || (isSame && count(all, 'slower', 'faster') > all.length / 20)) process.exitCode = 1
