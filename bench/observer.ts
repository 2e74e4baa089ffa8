/**
 * Does hopmeter change what it measures? The ladder in the lab with everything that hopmeter does for itself, and with
 * each of it left out, in alternating rounds of the same starts: what a step differs by, with its interval.
 * Run with: npm run bench observer [-- --restarts 10 --cycles 6 --round-ms 500]. Exits with 1 when an interval does not
 * hold zero, or a difference is 2 µs or more. Two modes of one start share everything but what is left out.
 */
import { Writable } from 'node:stream'
import { parseArgs } from 'node:util'
import ora from 'ora'
import type { Testbed } from '../src/backends/backend.ts'
import { createLab } from '../src/backends/lab/lab.ts'
import { planScenario, type PlannedPath } from '../src/plan/plan-scenario.ts'
import { Build } from '../src/measure/build.ts'
import { FirstRequests } from '../src/measure/first-requests.ts'
import { expandLoads } from '../src/load/profiles.ts'
import { measureRound } from '../src/measure/round.ts'
import { planTurns, scheduleRounds } from '../src/measure/schedule.ts'
import { warmUp } from '../src/measure/warm-up.ts'
import { seededRandom, shuffled } from '../src/random.ts'
import { textTable } from '../src/report/render/text/table.ts'
import type { RoundEvent } from '../src/results/schema.ts'
import { loadScenario } from '../src/scenario/load.ts'
import type { Pair } from '../src/stats/compare-pairs.ts'
import { fewestPairs } from '../src/stats/fewest-units.ts'
import { oneSampleLocation } from '../src/stats/location.ts'
import { mapNested, unitsOf } from '../src/stats/nested.ts'

const { values } = parseArgs({
  options: {
    restarts: { type: 'string', default: '10' },
    cycles: { type: 'string', default: '6' },
    'round-ms': { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
  },
})
const [restarts, cycles, roundMs] = [
  Number(values.restarts),
  Number(values.cycles),
  Number(values['round-ms']),
]
const mostUs = 2
const modes = ['everything', 'control', 'evidence', 'cpu counters', 'progress'] as const
type Mode = (typeof modes)[number]

const { scenario } = await loadScenario('hop-ladder')
const plan = planScenario(scenario)
const loads = expandLoads(scenario.loads)
const paths = plan.paths.toSorted((a, b) => hopsOf(a) - hopsOf(b))
const steps = paths.slice(1).map((to, i) => [paths[i]!.name, to.name] as const)
const turns = planTurns(
  paths.map(({ name, clientWorkload }) => ({ name, client: clientWorkload.name })),
  loads,
  roundMs,
)
const random = seededRandom(Number(values.seed))
const signal = new AbortController().signal
/** Per mode and restart, the rounds of each cycle in its order. */
const found = new Map<Mode, RoundEvent[][]>(modes.map((mode) => [mode, []]))
const first = await Build.up(createLab(), plan, { paths, halves: true }, { signal, progress() {} })
const startedMs = performance.now()
try {
  for (let restart = 1; restart <= restarts; restart++) await oneRestart(restart)
} finally {
  await first.down()
}
report()

async function oneRestart(restart: number): Promise<void> {
  if (restart > 1) await first.testbed.restart!({ signal, progress() {}, seed: restart })
  const builds = new Map(
    modes.map((mode) => [mode, new Build(testbedWithout(first.testbed, mode), settingsOf(mode), signal)]),
  )
  try {
    for (const build of builds.values()) await build.connect(loads)
    for (const build of builds.values()) {
      const rounds = { ...scenario.rounds, warmupMs: 600, durationMs: roundMs }
      await warmUp({ rounds, signal }, build, turns, restart, () => {}, new FirstRequests())
    }
    const own = new Map<Mode, RoundEvent[]>(modes.map((mode) => [mode, []]))
    for (let cycle = 1; cycle <= cycles; cycle++) {
      // The same order of paths for all modes of a cycle: nothing else may tell them apart.
      const [scheduled] = scheduleRounds(turns, 1, Math.floor(random() * 2 ** 32))
      for (const mode of shuffled(modes, random)) {
        const stop = mode === 'progress' ? () => {} : drawProgress()
        const round = await measureRound(
          builds.get(mode)!,
          { build: 1, restart },
          scheduled!,
          paths,
          new Map(),
        )
        stop()
        own.get(mode)!.push(round)
      }
    }
    for (const [mode, rounds] of own) found.get(mode)!.push(rounds)
  } finally {
    for (const build of builds.values()) await build.closeAgents()
  }
}

function settingsOf(mode: Mode) {
  return { paths, halves: mode !== 'control' }
}

/** The same testbed, which tells nothing of what the mode leaves out. */
function testbedWithout(testbed: Testbed, mode: Mode): Testbed {
  return {
    engine: testbed.engine,
    delayMethod: testbed.delayMethod,
    loadBalancer: testbed.loadBalancer,
    facts: testbed.facts,
    addresses: testbed.addresses,
    agentCommand: (workload, what) => testbed.agentCommand(workload, what),
    target: (path) => testbed.target(path),
    podAddress: (workload) => testbed.podAddress(workload),
    sourceAddresses: (workload) => testbed.sourceAddresses(workload),
    cpuUsage: () => (mode === 'cpu counters' ? Promise.resolve([]) : testbed.cpuUsage()),
    cpuSource: mode === 'cpu counters' ? undefined : testbed.cpuSource,
    evidence: () =>
      mode === 'evidence' ? Promise.resolve({ components: [], served: [] }) : testbed.evidence(),
    down: () => Promise.resolve(),
  }
}

/** The moving line of a terminal, written to nowhere. */
function drawProgress(): () => void {
  const nowhere = Object.assign(new Writable({ write: (_chunk, _encoding, done) => done() }), {
    isTTY: true,
    columns: 100,
    clearLine: () => true,
    cursorTo: () => true,
    moveCursor: () => true,
  })
  const spinner = ora({
    stream: nowhere as unknown as NodeJS.WriteStream,
    isEnabled: true,
    discardStdin: false,
    hideCursor: false,
  }).start(
    'round 7/36, 40s left, p50 µs: no-mesh 58, single 338, same-network 338, gateway 490, load-balancer 570',
  )
  return () => void spinner.stop()
}

/** What each step reads without a part, less what it reads with everything: paired by cycle, over restarts. */
function report(): void {
  const p50 = (round: RoundEvent | undefined, path: string) =>
    round?.paths.find((own) => own.path === path)?.quantilesNs?.p50 ?? Number.NaN
  let isMissed = false
  const rows = modes
    .filter((mode) => mode !== 'everything')
    .flatMap((mode) =>
      steps.map(([from, to]) => {
        const pairs = found.get('everything')!.map((rounds, restart) =>
          rounds.map((round, cycle): Pair => {
            const without = found.get(mode)![restart]?.[cycle]
            return [p50(round, to) - p50(round, from), p50(without, to) - p50(without, from)]
          }),
        )
        const { values: units } = unitsOf(
          mapNested([pairs], ([a, b]) => b - a),
          fewestPairs(0.05),
        )
        const { estimate, low, high } = oneSampleLocation(
          units.map(({ value }) => value),
          0.05,
        )
        const us = (ns: number | null) => (ns ?? Number.NaN) / 1000
        const isRight = us(low) <= 0 && us(high) >= 0 && Math.abs(us(estimate)) < mostUs
        if (!isRight) isMissed = true
        const interval = `[${us(low).toFixed(2)}, ${us(high).toFixed(2)}]`
        return [
          `without ${mode}`,
          `${from} → ${to}`,
          us(estimate).toFixed(2),
          interval,
          isRight ? '' : 'MISSED',
        ]
      }),
    )
  const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1)
  const header = ['', 'step', 'difference, µs', '95% interval', '']
  process.stdout.write(
    `hop-ladder in the lab, ${restarts} restarts of ${cycles} cycles, rounds of ${roundMs} ms, ${minutes} min.\nWhat each step reads without a part of hopmeter, less what it reads with everything:\n${textTable(header, rows, [2])}\n`,
  )
  process.exitCode = isMissed ? 1 : 0
}

function hopsOf({ rule }: PlannedPath): number {
  return rule.possible ? rule.hops : Number.POSITIVE_INFINITY
}
