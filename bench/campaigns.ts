/**
 * How often is hopmeter wrong? Many short real campaigns on loopback, each with an A/A pair and known steps of +10 and
 * +50 µs against one base, interleaved in one run; verdicts at 5 % are counted.
 * Run with: npm run bench campaigns [-- --count 100 --rounds 8 --round-ms 250]. Exits with 1 when more A/A verdicts
 * are false than chance allows: when the lower end of the Clopper-Pearson interval lies above 5 %.
 */
import { parseArgs } from 'node:util'
import { median } from 'simple-statistics'
import type { DriverLoad } from '../src/agent/protocol.ts'
import { interleave } from '../src/measure/interleave.ts'
import { startLocalServer } from '../src/measure/local-agent.ts'
import { textTable } from '../src/report/render/text/table.ts'
import { comparePaired } from '../src/stats/compare-paired.ts'
import type { Comparison } from '../src/stats/comparison.ts'
import { clopperPearson } from '../src/stats/clopper-pearson.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '8' },
    'round-ms': { type: 'string', default: '250' },
  },
})
const [count, rounds, roundMs] = [Number(values.count), Number(values.rounds), Number(values['round-ms'])]
const baseUs = 400
const deltaNs = 2000
const stepsUs = { twin: 0, ten: 10, fifty: 50 } as const
const load: DriverLoad = {
  profile: 'pingpong',
  protocol: 'http1',
  busyPoll: true,
  requestBytes: 0,
  responseBytes: 16,
}
const paths = ['base', ...Object.keys(stepsUs)]
// One server, whose paths differ in nothing but their delay.
const server = await startLocalServer('campaigns', {
  faultsByPath: Object.fromEntries(
    paths.map((path) => [path, { delayUs: baseUs + (stepsUs[path as keyof typeof stepsUs] ?? 0) }]),
  ),
})
const found = new Map<string, Comparison[]>(Object.keys(stepsUs).map((path) => [path, []]))
const startedAt = performance.now()
try {
  const targets = paths.map((path) => ({ path, host: server.host, port: server.port }))
  for (let seed = 1; seed <= count; seed++) {
    const measured = await interleave({
      load,
      targets,
      rounds,
      roundMs,
      warmupMs: 300,
      seed,
      timeoutMs: 5000,
      check: 'status',
      signal: new AbortController().signal,
    })
    const medians = (path: string) =>
      (measured.get(path) ?? []).flatMap((round) => round.quantilesNs?.p50 ?? [])
    for (const [path, comparisons] of found) {
      comparisons.push(comparePaired(medians('base'), medians(path), { deltaNs }))
    }
  }
} finally {
  await server.stop()
}

const us = (ns: number) => (ns / 1000).toFixed(2)
const share = ([low, high]: readonly [number, number]) =>
  `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} %`
const rows = [...found].map(([path, comparisons]) => {
  const trueUs = stepsUs[path as keyof typeof stepsUs]
  const isWrong = ({ verdict }: Comparison) =>
    verdict === 'faster' || (trueUs === 0 ? verdict === 'slower' : verdict === 'same')
  const wrong = comparisons.filter(isWrong).length
  const seen = comparisons.filter(({ verdict }) => verdict === (trueUs === 0 ? 'same' : 'slower')).length
  const covered = comparisons.filter(
    ({ low, high }) => low !== null && high !== null && low <= 1000 * trueUs && 1000 * trueUs <= high,
  ).length
  return [
    trueUs === 0 ? 'A/A' : `+${trueUs} µs`,
    String(wrong),
    share(clopperPearson(wrong, comparisons.length, 0.05)),
    String(seen),
    String(comparisons.length - wrong - seen),
    String(covered),
    us(median(comparisons.map(({ difference }) => difference ?? Number.NaN))),
    us(median(comparisons.map(({ low, high }) => ((high ?? Number.NaN) - (low ?? Number.NaN)) / 2))),
  ]
})
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1)
process.stdout.write(
  `${count} campaigns of ${rounds} rounds of ${roundMs} ms each, ${minutes} min, delta 2 µs; right is "same" for A/A and "slower" for steps:\n`,
)
process.stdout.write(
  textTable(
    ['true', 'wrong', '95 % interval', 'right', 'cannot tell', 'covered', 'median read, µs', '± µs'],
    rows,
    [1, 3, 4, 5, 6, 7],
  ),
)
const wrongSame = Number(rows[0]?.[1])
if (clopperPearson(wrongSame, count, 0.05)[0] > 0.05) {
  process.stdout.write('MISSED: more false verdicts than chance allows\n')
  process.exitCode = 1
}
