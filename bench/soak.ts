/**
 * Does a long run grow? Memory and descriptors of each of its processes and the size of its journal, per round, as
 * slopes with 95 % intervals; with --rogue a client beside it that speaks nonsense to everything that listens.
 * Run with: npm run bench soak [-- --minutes 30 --scenario multi-network-nlb --rogue]. Exits with 1 when memory or
 * descriptors of a process grow, as far as the interval can tell, or the run does not end as it should. A few minutes
 * show mostly how V8 fills its heaps, most of all beside a rogue client: a verdict on memory needs half an hour.
 */
import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { linearRegression } from 'simple-statistics'
import { commandOf, descendantsOf } from '../src/backends/lab/testing/leftovers.ts'
import { start, type BackgroundProcess } from '../src/process/exec.ts'
import { textTable } from '../src/report/render/text/table.ts'
import { openRun } from '../src/results/store.ts'
import { studentQuantile } from '../src/stats/student-t.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    scenario: { type: 'string', default: 'multi-network-nlb' },
    rogue: { type: 'boolean', default: false },
  },
})
/** What may be certain of a process that does not grow: less than 50 MiB in ten thousand rounds, and no descriptor. */
const boundKibPerRound = 5
const boundDescriptorsPerRound = 0.01
/** Caches fill and compilers compile: growth of the first part of a run says nothing of the rest. */
const skippedShare = 0.5
/** Readings next to each other are alike; means of blocks of them hardly are. */
const blocks = 12
const everyMs = 1000
const roundMs = 500
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const rogueProgram = fileURLToPath(new URL('rogue-load.ts', import.meta.url))

interface Reading {
  readonly round: number
  readonly value: number
}

const folder = await mkdtemp(path.join(tmpdir(), 'hopmeter-soak-'))
const root = path.join(folder, 'results')
const series = new Map<string, Reading[]>()
const read = (name: string, round: number, value: number) => {
  const own = series.get(name) ?? []
  series.set(name, own)
  own.push({ round, value })
}

/** Counts the rounds of a journal as it grows, each byte once. */
function roundCounter(file: string) {
  let [position, rounds, rest] = [0, 0, '']
  return async () => {
    const handle = await open(file, 'r')
    try {
      const { size } = await handle.stat()
      const { buffer, bytesRead } = await handle.read(
        Buffer.alloc(size - position),
        0,
        size - position,
        position,
      )
      position += bytesRead
      const lines = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n')
      rest = lines.pop() ?? ''
      rounds += lines.filter((line) => line.startsWith('{"type":"round"')).length
    } finally {
      await handle.close()
    }
    return rounds
  }
}

/** The processes of the run by what they are; nsenter and unshare only wait. */
function processesOf(run: BackgroundProcess): ReadonlyMap<string, number> {
  const names = new Map([['hopmeter', run.pid ?? -1]])
  const seen = new Map<string, number>()
  for (const { pid } of descendantsOf(run.pid ?? -1)) {
    const command = commandOf(pid)
    if (!command.startsWith(process.execPath)) continue
    const kind = /(agent\.mjs \w+|lab-[\w-]+)/.exec(command)?.[0].replace('agent.mjs ', 'agent ') ?? 'other'
    seen.set(kind, (seen.get(kind) ?? 0) + 1)
    names.set(`${kind} ${seen.get(kind)}`, pid)
  }
  return names
}

async function look(processes: ReadonlyMap<string, number>, round: number, journal: string): Promise<void> {
  for (const [name, pid] of processes) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    read(`${name}: memory, KiB`, round, Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]))
    read(`${name}: descriptors`, round, (await readdir(`/proc/${pid}/fd`)).length)
  }
  read('journal, KiB', round, (await stat(journal)).size / 1024)
}

/** Inside the network of a client, where it reaches all that the client reaches. */
function startRogue(processes: ReadonlyMap<string, number>): BackgroundProcess {
  const client = [...processes].find(([name]) => name.startsWith('agent load'))?.[1]
  const listeners = [...processes]
    .filter(([name]) => !/^(hopmeter|agent load)/.test(name))
    .map(([, pid]) => pid)
  const args = [`--target=${client}`, '--net', '--', process.execPath, '--import', 'tsx', rogueProgram]
  return start('nsenter', [...args, ...listeners.map(String)], {
    cwd: path.dirname(path.dirname(rogueProgram)),
  })
}

/** Slope per round after the first part of the run, with its 95 % interval, from means of blocks. */
function slopeOf(readings: readonly Reading[]): { slope: number; low: number; high: number } {
  const late = readings.slice(Math.floor(readings.length * skippedShare))
  const size = Math.max(1, Math.floor(late.length / blocks))
  const mean = (some: readonly number[]) => some.reduce((sum, value) => sum + value, 0) / some.length
  const points = Array.from({ length: Math.floor(late.length / size) }, (_, i) => {
    const block = late.slice(i * size, (i + 1) * size)
    return [mean(block.map(({ round }) => round)), mean(block.map(({ value }) => value))]
  })
  if (points.length < 4) throw new Error('too little was measured for a slope: give it more --minutes')
  const { m, b } = linearRegression(points)
  const centre = mean(points.map(([x]) => x!))
  const squares = points.reduce((sum, [x]) => sum + (x! - centre) ** 2, 0)
  const residual = points.reduce((sum, [x, y]) => sum + (y! - b - m * x!) ** 2, 0)
  const df = points.length - 2
  const half = studentQuantile(0.05, df) * Math.sqrt(residual / df / squares)
  return { slope: m, low: m - half, high: m + half }
}

function isMissed(name: string, low: number): boolean {
  if (name.endsWith('memory, KiB')) return low > boundKibPerRound
  return name.endsWith('descriptors') && low > boundDescriptorsPerRound
}

let failure: string | undefined
/** More than fit into the time: the run is ended by us. Not far more, for a run draws up its whole schedule first. */
const rounds = Math.ceil((Number(values.minutes) * 60_000) / roundMs) + 100
const args = ['run', values.scenario, '--rounds', String(rounds), '--duration', `${roundMs}ms`]
const run = start(process.execPath, [main, ...args, '--no-chart', '--results', root], {
  cwd: folder,
  env: { HOPMETER_LOCK_NAME: `hopmeter-soak-${process.pid}`, XDG_STATE_HOME: folder },
})
let stderr = ''
run.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
run.stdout.resume()
const ending = new AbortController()
const over = run.done.catch(() => {}).finally(() => ending.abort())
const isOver = () => ending.signal.aborted
let rogue: BackgroundProcess | undefined
try {
  while (!/^round 1\//m.test(stderr) && !isOver()) await sleep(100)
  const [id = ''] = await readdir(root)
  const journal = path.join(root, id, 'journal.ndjson')
  const roundsSoFar = roundCounter(journal)
  const processes = processesOf(run)
  if (values.rogue) rogue = startRogue(processes)
  rogue?.stderr.on('data', (chunk: Buffer) => process.stderr.write(chunk))
  let rogueSaid = ''
  rogue?.stdout.on('data', (chunk: Buffer) => (rogueSaid = chunk.toString()))
  const endMs = performance.now() + Number(values.minutes) * 60_000
  while (performance.now() < endMs && !isOver()) {
    await look(processes, await roundsSoFar(), journal)
    await sleep(everyMs)
  }
  if (isOver()) failure = `the run ended by itself: ${stderr.slice(-2000)}`
  else {
    if (values.rogue && (rogueSaid === '' || rogue === undefined)) failure = 'the rogue client did nothing'
    rogue?.kill('SIGKILL')
    run.kill('SIGINT')
    await over
    const { result } = await openRun(root, id)
    if (result.status !== 'interrupted') failure = `the run is ${result.status}: ${result.reason}`
    const flagged = result.measured.filter(({ flags }) => flags.length > 0).length
    const rows = [...series].map(([name, readings]) => {
      const { slope, low, high } = slopeOf(readings)
      if (isMissed(name, low)) failure ??= `${name} grows`
      const cells = [readings[0]!.value, readings.at(-1)!.value].map((value) => value.toFixed(0))
      const verdict = isMissed(name, low) ? 'MISSED' : ''
      return [name, ...cells, slope.toFixed(4), `[${low.toFixed(4)}, ${high.toFixed(4)}]`, verdict]
    })
    const beside = values.rogue ? `; the rogue client: ${rogueSaid.trim()}` : ''
    console.log(`${values.scenario}: ${result.measured.length} rounds, ${flagged} flagged${beside}`)
    console.log(textTable(['PER ROUND', 'FIRST', 'LAST', 'SLOPE', '95 % INTERVAL', ''], rows, [1, 2, 3, 4]))
  }
} finally {
  rogue?.kill('SIGKILL')
  run.kill('SIGKILL')
  await over
  await rm(folder, { recursive: true, force: true })
}
if (failure !== undefined) {
  console.log(`MISSED: ${failure}`)
  process.exitCode = 1
}
