/**
 * How often is hopmeter wrong? Many real campaigns with an A/A pair and known steps, judged at 5 %: on loopback servers
 * (rounds of one start, as `probe` has them) and in the lab, where a delay is put into one server behind two ztunnels
 * and the restart is the observation, as in `run`.
 * Run with: npm run bench campaigns [-- --loopback 100 --lab 20]. Exits with 1 when more A/A verdicts are false than
 * chance allows (the lower end of the Clopper-Pearson interval lies above 6 %), or under 90 % of +10 µs are found.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { median } from 'simple-statistics'
import type { DriverLoad } from '../src/agent/drivers/drivers.ts'
import { createLab } from '../src/backends/lab/lab.ts'
import { interleave } from '../src/measure/interleave.ts'
import { startLocalServer } from '../src/measure/local-agent.ts'
import { runScenario } from '../src/measure/run-scenario.ts'
import { parseScenario } from '../src/scenario/load.ts'
import { clopperPearson } from '../src/stats/clopper-pearson.ts'
import { comparePairs, type Pair } from '../src/stats/compare-pairs.ts'
import { comparePaths } from '../src/analysis/compare-paths.ts'
import type { Comparison } from '../src/stats/comparison.ts'
import { textTable } from '../src/report/render/text/table.ts'

const { values } = parseArgs({
  options: {
    loopback: { type: 'string', default: '100' },
    lab: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
})
const firstSeed = Number(values.seed)
const deltaNs = 5000
let isMissed = false

await onLoopback(Number(values.loopback))
await inTheLab(Number(values.lab))
process.exitCode = isMissed ? 1 : 0

async function onLoopback(count: number): Promise<void> {
  if (count === 0) return
  const stepsUs = { twin: 0, ten: 10, fifty: 50 }
  const load: DriverLoad = {
    profile: 'pingpong',
    protocol: 'http1',
    busyPoll: true,
    requestBytes: 0,
    responseBytes: 16,
  }
  const delays = {
    base: 400,
    ...Object.fromEntries(Object.entries(stepsUs).map(([name, us]) => [name, 400 + us])),
  }
  // One server, whose paths differ in nothing but their delay.
  const faultsByPath = Object.fromEntries(
    Object.entries(delays).map(([name, delayUs]) => [name, { delayUs }]),
  )
  const server = await startLocalServer('campaigns', { faultsByPath })
  const found = new Map<string, Comparison[]>(Object.keys(stepsUs).map((name) => [name, []]))
  const startedMs = performance.now()
  try {
    const targets = Object.keys(delays).map((name) => ({ path: name, host: server.host, port: server.port }))
    for (let i = 0; i < count; i++) {
      const measured = await interleave({
        load,
        targets,
        rounds: 12,
        roundMs: 250,
        warmupMs: 300,
        seed: firstSeed + i,
        timeoutMs: 5000,
        check: 'status',
        signal: new AbortController().signal,
      })
      const medians = (name: string) =>
        (measured.get(name) ?? []).map((round) => round.quantilesNs?.p50 ?? Number.NaN)
      const base = medians('base')
      for (const [name, comparisons] of found) {
        const pairs = medians(name).map((value, k): Pair => [base[k] ?? Number.NaN, value])
        comparisons.push(comparePairs([[pairs]], { deltaNs, scale: 'difference' }))
      }
    }
  } finally {
    await server.stop()
  }
  report(`loopback, ${count} campaigns of 12 rounds of 250 ms`, found, stepsUs, startedMs)
}

/** Three paths of four components that differ in nothing but the server at their end. */
async function inTheLab(count: number): Promise<void> {
  if (count === 0) return
  const clusters = ['east-1', 'east-2', 'east-3', 'east-4'].map(
    (name, i) =>
      `    - { name: ${name}, network: east, podCidr: 10.${10 + 10 * i}.0.0/16, serviceCidr: 10.${110 + 10 * i}.0.0/16 }`,
  )
  const served = { base: 'east-2', twin: 'east-3', ten: 'east-4' }
  const text = [
    'apiVersion: hopmeter/v1',
    'kind: Scenario',
    'metadata: { name: campaigns, title: Three alike paths }',
    'spec:',
    '  clusters:',
    ...clusters,
    '  routes: { between: [[east-1, east-2], [east-1, east-3], [east-1, east-4]] }',
    '  paths:',
    ...Object.entries(served).map(
      ([name, cluster]) =>
        `    - { name: ${name}, client: { cluster: east-1 }, server: { cluster: ${cluster} }, expect: 4 }`,
    ),
    '  rounds: { restarts: 12, count: 3, duration: 600ms, warmup: 1500ms }',
  ].join('\n')
  const scenarioFile = parseScenario(text, 'campaigns.yaml')
  const stepsUs = { twin: 0, ten: 10 }
  const baseUs = 50
  const serverFaults = Object.fromEntries(
    Object.entries(served).map(([name, cluster]) => [
      `server-${cluster}-n1`,
      { delayUs: baseUs + (stepsUs[name as keyof typeof stepsUs] ?? 0) },
    ]),
  )
  const found = new Map<string, Comparison[]>(Object.keys(stepsUs).map((name) => [name, []]))
  const folder = await mkdtemp(path.join(tmpdir(), 'hopmeter-campaigns-'))
  const startedMs = performance.now()
  try {
    for (let i = 0; i < count; i++) {
      const { result } = await runScenario({
        scenarioFile,
        backend: createLab({ serverFaults }),
        resultsRoot: folder,
        reporter: { step() {}, proven() {}, round() {}, note() {} },
        signal: new AbortController().signal,
        seed: firstSeed + i,
      })
      for (const [name, comparisons] of found) {
        const row = comparePaths(result, 'base', name, { deltaNs }).rows.find(
          ({ quantile }) => quantile === 'p50',
        )
        if (row) comparisons.push(row.comparison)
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  report(`lab, ${count} campaigns of 12 restarts of 3 rounds of 600 ms`, found, stepsUs, startedMs)
}

function report(
  title: string,
  found: ReadonlyMap<string, readonly Comparison[]>,
  stepsUs: Readonly<Record<string, number>>,
  startedMs: number,
): void {
  const us = (ns: number) => (ns / 1000).toFixed(2)
  const rows = [...found].map(([name, comparisons]) => {
    const trueUs = stepsUs[name] ?? 0
    const isWrong = ({ verdict }: Comparison) =>
      verdict === 'faster' || (trueUs === 0 ? verdict === 'slower' : verdict === 'same')
    const wrong = comparisons.filter(isWrong).length
    const right = comparisons.filter(({ verdict }) => verdict === (trueUs === 0 ? 'same' : 'slower')).length
    const [low, high] = clopperPearson(wrong, comparisons.length, 0.05)
    const covered = comparisons.filter(
      (c) => c.low !== null && c.high !== null && c.low <= 1000 * trueUs && 1000 * trueUs <= c.high,
    ).length
    if (low > 0.06 || (trueUs === 10 && right < 0.9 * comparisons.length)) isMissed = true
    return [
      trueUs === 0 ? 'A/A' : `+${trueUs} µs`,
      String(wrong),
      `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} %`,
      String(right),
      String(comparisons.length - wrong - right),
      String(covered),
      us(median(comparisons.map(({ difference }) => difference ?? Number.NaN))),
      us(median(comparisons.map(({ low: l, high: h }) => ((h ?? Number.NaN) - (l ?? Number.NaN)) / 2))),
    ]
  })
  const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1)
  const header = [
    'true',
    'wrong',
    '95% interval',
    'right',
    'cannot tell',
    'covered',
    'median read, µs',
    '± µs',
  ]
  process.stdout.write(
    `${title}, ${minutes} min, margin ±${deltaNs / 1000} µs; right is "same" for A/A and "slower" for steps:\n${textTable(header, rows, [1, 3, 4, 5, 6, 7])}\n`,
  )
}
