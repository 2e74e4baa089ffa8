/**
 * Does another load generator see the same paths? p50 of every path of the ladder, and ratios of neighbours, by wrk and
 * by `pingpong`, each with a connection of its own: on one path after the other in shuffled order, both on each in turn,
 * and pingpong also on all paths of a client request by request, as a run does. Several labs, one after the other: what
 * a program or a connection has got by chance when it started stays with it, so a lab is one observation.
 * Run with: npm run bench second-instrument [-- --labs 8 --cycles 2 --turn-ms 1000 --seed 1], about 7 minutes. Needs wrk
 * (Debian: wrk). Exits with 1 unless all ratios of wrk and of pingpong on one path agree within 2 %.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { mean } from 'simple-statistics'
import type { PathSample, Target } from '../src/agent/protocol.ts'
import { authorityOf, echoHeaders } from '../src/agent/wire/http1-request.ts'
import { createLab } from '../src/backends/lab/lab.ts'
import { enterLab } from '../src/backends/lab/standing/enter-lab.ts'
import type { LabTestbed } from '../src/backends/lab/testbed.ts'
import { planScenario, type PlannedPath } from '../src/plan/plan-scenario.ts'
import { CommandError } from '../src/errors.ts'
import { AgentClient } from '../src/measure/agent-client.ts'
import { expandLoads } from '../src/load/profiles.ts'
import { run } from '../src/process/exec.ts'
import { identityOf } from '../src/process/process-identity.ts'
import { seededRandom, shuffled } from '../src/random.ts'
import { textTable } from '../src/report/render/text/table.ts'
import { histogramQuantiles } from '../src/results/histogram.ts'
import { loadScenario } from '../src/scenario/load.ts'
import { oneSampleLocation } from '../src/stats/location.ts'

const { values } = parseArgs({
  options: {
    labs: { type: 'string', default: '8' },
    cycles: { type: 'string', default: '2' },
    'turn-ms': { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
})
const [labs, cycles, turnMs] = [values.labs, values.cycles, values['turn-ms']].map(Number) as [
  number,
  number,
  number,
]
if (!(labs >= 1 && cycles >= 1 && turnMs >= 100))
  throw new RangeError('--labs and --cycles from 1, --turn-ms from 100')
const allowed = 0.02
/** How much longer than its turn wrk may take. */
const turnGraceMs = 20_000
const instruments = ['wrk', 'pingpong', 'pingpong, all paths'] as const
type Instrument = (typeof instruments)[number]
/** One instrument on one path, or on all paths of a client: p50 in µs by path. */
interface Turn {
  readonly instrument: Instrument
  readonly read: (seed: number) => Promise<readonly (readonly [path: string, us: number])[]>
}

await requireWrk()
const { scenario } = await loadScenario('hop-ladder')
const plan = planScenario(scenario)
const [named] = expandLoads(scenario.loads)
if (named?.load.profile !== 'pingpong') throw new Error('the ladder is measured by pingpong first')
const { load } = named
const paths = plan.paths.toSorted((a, b) => hopsOf(a) - hopsOf(b))
const random = seededRandom(Number(values.seed))
const signal = new AbortController().signal
const folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-wrk-'))
/** The logarithm of p50 in µs by `instrument/path`: per lab the mean over its cycles. */
const found = new Map<string, number[]>()
const startedMs = performance.now()
try {
  for (let lab = 1; lab <= labs; lab++) {
    for (const [key, logs] of await readLab(lab)) found.set(key, [...(found.get(key) ?? []), mean(logs)])
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
report()

/** Stands a lab up, reads it in shuffled turns and takes it down: logarithms of p50 in µs by `instrument/path`. */
async function readLab(lab: number): Promise<Map<string, number[]>> {
  const testbed = (await createLab().up(plan, { signal, progress() {} })) as LabTestbed
  const agents: AgentClient[] = []
  const read = new Map<string, number[]>()
  try {
    const groups = await turnsOf(testbed, agents)
    // The first cycle warms up whoever takes part, and is not kept.
    for (let cycle = 0; cycle <= cycles; cycle++) {
      for (const turns of shuffled(groups, random)) {
        for (const turn of shuffled(turns, random)) {
          const medians = await turn.read(cycle + 1)
          if (cycle === 0) continue
          for (const [name, us] of medians) {
            const key = `${turn.instrument}/${name}`
            read.set(key, [...(read.get(key) ?? []), Math.log(us)])
          }
        }
      }
      progress(`lab ${lab} of ${labs}: ${cycle === 0 ? 'warmed up' : `cycle ${cycle} of ${cycles}`}`)
    }
  } finally {
    await Promise.all(agents.map((agent) => agent.close()))
    await testbed.down()
  }
  return read
}

async function requireWrk(): Promise<void> {
  try {
    await run('wrk', ['--version'])
  } catch (error) {
    if (!(error instanceof CommandError) || error.reason !== 'missing') return // it has no code for its version
    process.stderr.write('wrk is not installed; on Debian or Ubuntu: apt-get install --yes wrk (as root)\n')
    process.exit(1)
  }
}

/** Both instruments on one path are compared, so they take turns next to each other; then all paths of each client. */
async function turnsOf(testbed: LabTestbed, agents: AgentClient[]): Promise<Turn[][]> {
  const groups: Turn[][] = []
  for (const one of paths) {
    const wrk: Turn = { instrument: 'wrk', read: async () => [[one.name, await wrkMedianUs(testbed, one)]] }
    groups.push([wrk, await pingpong(testbed, agents, 'pingpong', [one])])
  }
  for (const client of new Set(paths.map(({ clientWorkload }) => clientWorkload))) {
    const own = paths.filter(({ clientWorkload }) => clientWorkload === client)
    groups.push([await pingpong(testbed, agents, 'pingpong, all paths', own)])
  }
  return groups
}

/** An agent on paths of one client; a path gets as much time as it has alone. */
async function pingpong(
  testbed: LabTestbed,
  agents: AgentClient[],
  instrument: Instrument,
  some: readonly PlannedPath[],
): Promise<Turn> {
  const command = testbed.agentCommand(some[0]!.clientWorkload, 'load')
  const targets = some.map((one) => ({ path: one.name, ...testbed.target(one) }))
  const agent = await AgentClient.open(command, { load, timeoutMs: 5000 }, targets)
  agents.push(agent)
  return {
    instrument,
    read: async (seed) => p50sOf((await agent.turn(seed, turnMs * some.length)).samples),
  }
}

function p50sOf(samples: readonly PathSample[]): readonly (readonly [string, number])[] {
  return samples.map((sample) => {
    if (sample.errors + sample.bad + sample.lost > 0) throw new Error(`${sample.path}: ${sample.firstError}`)
    return [sample.path, (histogramQuantiles(sample.warm).quantilesNs?.p50 ?? Number.NaN) / 1000]
  })
}

/** The same request by wrk, as `hopmeter exec` would start it: in the client's pod, on the CPU of the lab. */
async function wrkMedianUs(testbed: LabTestbed, one: PlannedPath): Promise<number> {
  const target = { path: one.name, ...testbed.target(one) }
  const script = path.join(folder, `${one.name}.lua`)
  writeFileSync(script, luaFor(target))
  const { anchor, cpu } = testbed.inside
  const standing = { anchor: identityOf(anchor.pid), isolation: anchor.isolation, cpu: cpu ?? null }
  const seconds = `${Math.max(1, Math.round(turnMs / 1000))}s`
  const { file, args } = enterLab(
    standing,
    { name: one.clientWorkload.name, kind: 'client pod' },
    {
      file: 'wrk',
      args: [
        ...['--threads', '1', '--connections', '1', '--duration', seconds, '--latency'],
        ...['--script', script, `http://${target.host}:${target.port}/`],
      ],
      cwd: folder,
    },
  )
  const { stdout } = await run(file, args, { timeoutMs: turnMs + turnGraceMs })
  const [, errors, median] = /^hopmeter (\d+) ([\d.]+)$/m.exec(stdout) ?? []
  if (errors !== '0' || median === undefined) throw new Error(`wrk on ${one.name}:\n${stdout}`)
  return Number(median)
}

/**
 * wrk counts whole microseconds, which is a per cent of a short path. Both ends of a time are cut off alike, so a time
 * that reads v lies around v, and the median lies between by how much of the distribution reads less.
 */
function luaFor(target: Target): string {
  // wrk adds a Host of its own unless it finds one in this spelling.
  const headers = { Host: authorityOf(target), ...echoHeaders(target, load.responseBytes) }
  return `wrk.method = "${load.requestBytes === 0 ? 'GET' : 'POST'}"
wrk.body = string.rep("x", ${load.requestBytes})
${Object.entries(headers)
  .map(([name, value]) => `wrk.headers["${name}"] = "${value}"`)
  .join('\n')}
function done(summary, latency, requests)
  local v = latency:percentile(50)
  local low, high = 0, 100
  for i = 1, 9999 do
    local p = i / 100
    local q = latency:percentile(p)
    if q < v then low = p elseif q > v then high = p break end
  end
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("hopmeter %d %.3f\\n", errors, v - 0.5 + (50 - low) / (high - low)))
end
`
}

function progress(what: string): void {
  process.stderr.write(`${minutes()} min: ${what}\n`)
}

function minutes(): string {
  return ((performance.now() - startedMs) / 60_000).toFixed(1)
}

function report(): void {
  const of = (instrument: Instrument, name: string) => found.get(`${instrument}/${name}`) ?? []
  const levels = paths.map(({ name }) => [
    name,
    ...instruments.map((instrument) => Math.exp(location(of(instrument, name))).toFixed(1)),
  ])
  let isMissed = false
  const ratios = paths.slice(1).map((to, i) => {
    const from = paths[i]!
    const logs = (instrument: Instrument) =>
      of(instrument, to.name).map((log, lab) => log - of(instrument, from.name)[lab]!)
    const between = (instrument: Instrument) => {
      const theirs = logs('wrk')
      return oneSampleLocation(
        logs(instrument).map((own, lab) => own - theirs[lab]!),
        0.05,
      )
    }
    const alone = between('pingpong')
    // What could not be computed is no agreement.
    if (!(Math.abs(Math.expm1(alone.estimate)) <= allowed)) isMissed = true
    return [
      `${from.name} → ${to.name}`,
      ...instruments.map((instrument) => Math.exp(location(logs(instrument))).toFixed(3)),
      shownShare(alone),
      shownShare(between('pingpong, all paths')),
    ]
  })
  // What a generator needs itself is in both paths of a step: it moves their ratio and leaves their difference.
  const differences = paths.slice(1).map((to, i) => {
    const from = paths[i]!
    const us = (instrument: Instrument) =>
      of(instrument, to.name).map((log, lab) => Math.exp(log) - Math.exp(of(instrument, from.name)[lab]!))
    const theirs = us('wrk')
    const between = (instrument: Instrument) =>
      shownUs(
        oneSampleLocation(
          us(instrument).map((own, lab) => own - theirs[lab]!),
          0.05,
        ),
      )
    return [
      `${from.name} → ${to.name}`,
      ...instruments.map((instrument) => location(us(instrument)).toFixed(1)),
      between('pingpong'),
      between('pingpong, all paths'),
    ]
  })
  process.stdout.write(
    `hop-ladder in ${labs} labs, one connection, ${cycles} shuffled cycles of ${turnMs} ms a path and instrument in each, ${minutes()} min.\n` +
      `p50, µs:\n${textTable(['path', ...instruments], levels, [1, 2, 3])}\n` +
      `Ratios of neighbours, and how far those of pingpong are from wrk's (95% interval):\n` +
      `${textTable(['step', ...instruments, 'pingpong / wrk', 'all paths / wrk'], ratios, [1, 2, 3])}\n` +
      `Differences of neighbours in µs, and how far those of pingpong are from wrk's:\n` +
      `${textTable(['step', ...instruments, 'pingpong − wrk', 'all paths − wrk'], differences, [1, 2, 3])}\n` +
      `${isMissed ? 'MISSED: not all' : 'all'} ratios of wrk and of pingpong on one path agree within ${allowed * 100} %\n`,
  )
  process.exitCode = isMissed ? 1 : 0
}

function location(some: readonly number[]): number {
  return oneSampleLocation(some, 0.05).estimate
}

function shownShare({ estimate, low, high }: ReturnType<typeof oneSampleLocation>): string {
  const share = (log: number | null) => (log === null ? '?' : (Math.expm1(log) * 100).toFixed(1))
  return `${share(estimate)} % [${share(low)}, ${share(high)}]`
}

function shownUs({ estimate, low, high }: ReturnType<typeof oneSampleLocation>): string {
  const us = (value: number | null) => (value === null ? '?' : value.toFixed(1))
  return `${us(estimate)} [${us(low)}, ${us(high)}]`
}

function hopsOf({ rule }: PlannedPath): number {
  return rule.possible ? rule.hops : Number.POSITIVE_INFINITY
}
