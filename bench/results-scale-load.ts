/** The measured half of results-scale.ts: one mode, one process. Usage: results-scale-load <mode> <results root> */
import { listRuns, openRun } from '../src/results/store.ts'

const modes: Readonly<Record<string, (root: string) => Promise<number>>> = {
  'list all runs': async (root) => (await listRuns(root)).length,
  'load all results and keep them': async (root) => {
    const kept = []
    for (const { id } of await listRuns(root)) kept.push((await openRun(root, id)).result)
    return kept.length
  },
  'load all results, keep what a comparison needs': async (root) => {
    const kept = []
    for (const { id } of await listRuns(root)) {
      const { result } = await openRun(root, id)
      kept.push(result.measured.map((round) => round.paths.map((p) => [p.path, p.quantilesNs])))
    }
    return kept.length
  },
}

const [mode = '', root = ''] = process.argv.slice(2)
const startedAt = performance.now()
const runs = await modes[mode]!(root)
const seconds = (performance.now() - startedAt) / 1000
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
const cpu = (userCPUTime + systemCPUTime) / 1e6
process.stdout.write(
  `${mode}: ${runs} runs, ${seconds.toFixed(2)} s (${cpu.toFixed(2)} s of CPU), peak ${(maxRSS / 1024).toFixed(0)} MB\n`,
)
