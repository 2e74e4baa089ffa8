/**
 * Does memory grow with the number of requests?
 * (a) Real load at full speed through the fastest profile; resident memory of agent and host per million requests.
 * (b) As many recorded values as asked for through the path that every measurement takes: the agent's histograms, its
 * sample lines, quantiles, the journal, the digest and the summary, round by round in this process.
 * Run with: npm run bench memory [-- --minutes 3 --recorded 1e8]. Exits with 1 when memory grows by more than the bound.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { linearRegression } from 'simple-statistics'
import { PathRecorder } from '../src/agent/path-recorder.ts'
import type { PathSample } from '../src/agent/protocol.ts'
import { AgentClient } from '../src/measure/agent-client.ts'
import { localAgentCommand, startLocalServer } from '../src/measure/local-agent.ts'
import { textTable } from '../src/report/render/text/table.ts'
import { digestJournal } from '../src/results/digest.ts'
import { histogramQuantiles } from '../src/results/histogram.ts'
import { readJournal } from '../src/results/journal-reader.ts'
import { JournalWriter } from '../src/results/journal-writer.ts'
import { sampleBuild, sampleEnd, sampleHeader, sampleRound } from '../src/results/testing/sample-run.ts'
import { seededRandom } from '../src/random.ts'
import { studentQuantile } from '../src/stats/student-t.ts'
import { summarizeRun } from '../src/analysis/summarize-run.ts'

/** MiB that the second half of the work may add to the peak of the first. */
const boundMiB = 32
/** Requests of a path in one of the rounds of (b): about what a second of the fastest profile sends. */
const perRound = 20_000
/** Short, so that what a turn leaves behind would show as much as what a request does. */
const turnMs = 250

interface Point {
  readonly millions: number
  readonly mib: number
}

async function realLoad(minutes: number): Promise<void> {
  const server = await startLocalServer('memory')
  const load = { profile: 'closed', connections: 16, requestBytes: 0, responseBytes: 16 } as const
  const target = { path: 'one', host: server.host, port: server.port }
  const agent = await AgentClient.open(localAgentCommand('load'), { load, timeoutMs: 5000 }, [target])
  const points: Record<'agent' | 'host', Point[]> = { agent: [], host: [] }
  let requests = 0
  const startedAt = performance.now()
  try {
    for (let turn = 1; performance.now() - startedAt < minutes * 60_000; turn++) {
      const { samples } = await agent.turn(turn, turnMs)
      requests += samples.reduce((sum, sample) => sum + histogramQuantiles(sample.warm).count, 0)
      points.agent.push({ millions: requests / 1e6, mib: await residentMiB(agent.pid) })
      points.host.push({ millions: requests / 1e6, mib: await residentMiB(process.pid) })
    }
  } finally {
    await agent.close()
    await server.stop()
  }
  const perSecond = requests / ((performance.now() - startedAt) / 1000)
  process.stdout.write(
    `(a) ${(requests / 1e6).toFixed(2)} million real requests, ${perSecond.toFixed(0)} a second:\n`,
  )
  const rows = Object.entries(points).map(([who, all]) => [who, ...slopeCells(all.slice(all.length >> 2))])
  process.stdout.write(
    textTable(['', 'MiB after a quarter', 'at the end', 'per million requests'], rows, [1, 2]),
  )
}

/** Values recorded, taken and written as a run does it, with the memory of this process after each round. */
async function recordedValues(wanted: number): Promise<boolean> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hopmeter-memory-'))
  const file = path.join(folder, 'journal.ndjson')
  const template = sampleRound()
  const rounds = Math.ceil(wanted / (perRound * template.paths.length))
  const points: Point[] = []
  const random = seededRandom(1)
  let recorded = 0
  try {
    const recorders = template.paths.map(({ path: name }) => new PathRecorder(name, true))
    const journal = await JournalWriter.create(file)
    await journal.append(
      sampleHeader({ rounds: { count: rounds, durationMs: 1000, warmupMs: 500, builds: 1 } }),
    )
    await journal.append(sampleBuild())
    for (let round = 1; round <= rounds; round++) {
      const paths = recorders.map((recorder, i) => {
        for (let k = 0; k < perRound; k++) recorder.recordWarm(60_000 * (i + 2) + 40_000 * random() ** 4)
        recorder.sent = recorder.received = perRound
        recorded += perRound
        // Over the wire as one line, as from an agent.
        const sample = JSON.parse(JSON.stringify(recorder.take(i))) as PathSample
        const { count, quantilesNs } = histogramQuantiles(sample.warm)
        const { sent, received, warm, cold } = sample
        return { ...template.paths[i]!, n: count, sent, received, quantilesNs, warm, cold }
      })
      await journal.append({ ...template, round, paths })
      points.push({ millions: recorded / 1e6, mib: await residentMiB(process.pid) })
    }
    await journal.append(sampleEnd)
    await journal.close()
    const result = await digestJournal(readJournal(file))
    const summary = summarizeRun(result)
    const counted = summary.paths.reduce((sum, one) => sum + one.requests, 0)
    if (counted !== recorded) throw new Error(`${counted} values came out where ${recorded} went in`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const half = points.length >> 1
  const peak = (some: readonly Point[]) => Math.max(...some.map(({ mib }) => mib))
  const growth = peak(points.slice(half)) - peak(points.slice(0, half))
  const after = await residentMiB(process.pid)
  process.stdout.write(
    `(b) ${(recorded / 1e6).toFixed(1)} million values in ${rounds} rounds of ${template.paths.length} paths; ` +
      `peak of the first half ${peak(points.slice(0, half)).toFixed(1)} MiB, the second adds ${growth.toFixed(1)} ` +
      `(bound ${boundMiB}); after digest and summary ${after.toFixed(1)} MiB; ` +
      `${slopeCells(points.slice(points.length >> 2))[2]} per million while recording\n`,
  )
  return growth <= boundMiB
}

/** First and last value, and the least-squares slope with its 95 % interval, MiB per million. */
function slopeCells(points: readonly Point[]): string[] {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || points.length < 4) throw new Error('too little was measured for a slope')
  const { m, b } = linearRegression(points.map(({ millions, mib }) => [millions, mib]))
  const centre = points.reduce((sum, { millions }) => sum + millions, 0) / points.length
  const squares = points.reduce((sum, { millions }) => sum + (millions - centre) ** 2, 0)
  const residual = points.reduce((sum, { millions, mib }) => sum + (mib - b - m * millions) ** 2, 0)
  const df = points.length - 2
  const half = studentQuantile(0.05, df) * Math.sqrt(residual / df / squares)
  return [
    first.mib.toFixed(1),
    last.mib.toFixed(1),
    `${m.toFixed(3)} [${(m - half).toFixed(3)}, ${(m + half).toFixed(3)}]`,
  ]
}

async function residentMiB(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1024
}

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '3' }, recorded: { type: 'string', default: '1e8' } },
})
await realLoad(Number(values.minutes))
if (!(await recordedValues(Number(values.recorded)))) {
  process.stdout.write('MISSED: memory grows with the number of requests\n')
  process.exitCode = 1
}
