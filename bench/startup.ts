/**
 * Does asking for help load what only the verbs need?
 * User time of whole processes, `node -e 0` and hopmeter in turn; medians, and their ratio, which the speed of the
 * machine cancels out of.
 * Run with: npm run bench startup [-- --repeats 25]. Exits with 1 when a ratio is above the bound.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median } from 'simple-statistics'
import { textTable } from '../src/report/render/text/table.ts'

/** Times as much user time as Node takes to do nothing. */
const mostTimes = 3

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const cases: readonly (readonly string[])[] = [
  ['--version'],
  ['--help'],
  ['completion', 'bash'],
  ['completion', 'zsh'],
  ['completion', 'fish'],
]

// A CommonJS file, so that Node does not load its ES modules for it where it would not otherwise.
const folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-startup-'))
const meter = path.join(folder, 'meter.cjs')
writeFileSync(
  meter,
  `process.on('exit', () => require('node:fs').writeSync(3, String(process.resourceUsage().userCPUTime)))\n`,
)
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const { values } = parseArgs({ options: { repeats: { type: 'string', default: '25' } } })
const repeats = Number(values.repeats)
const bareMs: number[] = []
const caseMs = cases.map((): number[] => [])
for (let repeat = 0; repeat < repeats; repeat++) {
  bareMs.push(userMs(['-e', '0']))
  for (const [i, args] of cases.entries()) caseMs[i]?.push(userMs([main, ...args]))
}
const bare = median(bareMs)
const ratios = caseMs.map((times) => median(times) / bare)
const rows = cases.map((args, i) => [
  `hopmeter ${args.join(' ')}`,
  median(caseMs[i] ?? []).toFixed(0),
  (ratios[i] ?? Number.NaN).toFixed(2),
])
const table = textTable(
  ['command', 'user ms', 'times node -e 0'],
  [['node -e 0', bare.toFixed(0), '1.00'], ...rows],
  [1, 2],
)
process.stdout.write(`${table}at most ${mostTimes} times, medians of ${repeats}\n`)
if (!ratios.every((ratio) => ratio <= mostTimes)) process.exitCode = 1

/** User time of a whole process from its start to its exit. */
function userMs(args: readonly string[]): number {
  const { status, output } = spawnSync(process.execPath, ['--require', meter, ...args], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`)
  return Number(output[3]) / 1000
}
