/**
 * Does pingpong read known steps right, and what does it cost beside wrk? Everything interleaved in one run.
 * Run with: npm run bench:accuracy. Needs wrk on PATH (Debian: wrk). Exits with 1 when a bound is missed.
 */
import type { DriverLoad } from '../src/agent/drivers/drivers.ts'
import { run } from '../src/process/exec.ts'
import { interleave, type InterleavedRound } from '../src/measure/interleave.ts'
import { startLocalServer } from '../src/measure/local-agent.ts'
import { textTable } from '../src/report/render/text/table.ts'
import { comparePairs, type Pair } from '../src/stats/compare-pairs.ts'
import { median } from 'simple-statistics'

const stepsUs = [10, 50, 300] as const
const baseUs = 400
const rounds = 20
const signal = new AbortController().signal
const bytes = { requestBytes: 0, responseBytes: 16 } as const
const pingpong = { profile: 'pingpong', protocol: 'http1', ...bytes } as const
const common = { roundMs: 1000, warmupMs: 1000, seed: 1, timeoutMs: 5000, check: 'status', signal } as const

let missed = 0
const verdict = (ok: boolean) => {
  if (!ok) missed += 1
  return ok ? 'ok' : 'MISSED'
}

/**
 * +10, +50 and +300 µs, each in a 20 s run of its own against the base and an A/A twin. One server has the three
 * paths, so that they differ in the delay alone.
 */
async function steps(busyPoll: boolean): Promise<void> {
  const rows: string[][] = []
  for (const stepUs of stepsUs) {
    const delayed = { base: baseUs, slower: baseUs + stepUs, twin: baseUs }
    const faultsByPath = Object.fromEntries(
      Object.entries(delayed).map(([path, delayUs]) => [path, { delayUs }]),
    )
    const server = await startLocalServer('steps', { faultsByPath })
    try {
      const targets = Object.keys(delayed).map((path) => ({ path, host: server.host, port: server.port }))
      const found = await interleave({ ...common, load: { ...pingpong, busyPoll }, targets, rounds })
      for (const [path, trueUs] of [
        ['slower', stepUs],
        ['twin', 0],
      ] as const) {
        const slower = mediansOf(found, path)
        const pairs = mediansOf(found, 'base').map((base, i): Pair => [base, slower[i] ?? Number.NaN])
        const { difference, low, high } = comparePairs([[pairs]], { scale: 'difference' })
        const readUs = (difference ?? Number.NaN) / 1000
        const allowedUs = 1 + 0.02 * trueUs
        const ok = Math.abs(readUs - trueUs) <= allowedUs
        const interval = `[${((low ?? 0) / 1000).toFixed(2)}, ${((high ?? 0) / 1000).toFixed(2)}]`
        rows.push([`+${trueUs}`, readUs.toFixed(2), interval, `±${allowedUs.toFixed(1)}`, verdict(ok)])
      }
    } finally {
      await server.stop()
    }
  }
  const how = busyPoll ? 'busy polling, as probe does' : 'sleeping between requests, as run does'
  process.stdout.write(`Known steps over ${baseUs} µs, ${rounds} rounds of 1 s each, pingpong, ${how}, µs:\n`)
  process.stdout.write(`${textTable(['true', 'read', '95 % interval', 'allowed', ''], rows, [0, 1])}\n\n`)
}

/** p50 of one connection on the same server, pingpong and wrk taking turns. */
async function besideWrk(): Promise<void> {
  const server = await startLocalServer('shared')
  const ours: number[] = []
  const theirs: number[] = []
  try {
    const { host, port } = server
    for (let i = 0; i < 10; i++) {
      const found = await interleave({
        ...common,
        load: pingpong,
        targets: [{ path: 'one', host, port }],
        rounds: 1,
        warmupMs: 300,
      })
      ours.push(...mediansOf(found, 'one'))
      theirs.push(await wrkMedianNs(`http://${host}:${port}/`))
    }
  } finally {
    await server.stop()
  }
  const ratios = ours.map((value, i) => value / (theirs[i] ?? Number.NaN))
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
  process.stdout.write(
    `p50 on one connection, 10 turns each: pingpong ${(median(ours) / 1000).toFixed(1)} µs, ` +
      `wrk ${(median(theirs) / 1000).toFixed(1)} µs; ratio of medians ${median(ratios).toFixed(2)} (${spread})\n`,
  )
}

async function wrkMedianNs(url: string): Promise<number> {
  const { stdout } = await run('wrk', ['-t1', '-c1', '-d1s', '--latency', url])
  const [, amount, unit] = /50%\s+([\d.]+)(us|ms)/.exec(stdout) ?? []
  if (amount === undefined) throw new Error(`wrk printed no median:\n${stdout}`)
  return Number(amount) * (unit === 'ms' ? 1e6 : 1e3)
}

/** Requests a second of the closed driver over those of autocannon's own command line, taking turns. */
async function maximumRate(): Promise<void> {
  const server = await startLocalServer('shared')
  const load: DriverLoad = { profile: 'closed', connections: 10, ...bytes }
  const ratios: number[] = []
  try {
    const { host, port } = server
    for (let i = 0; i < 5; i++) {
      const found = await interleave({
        ...common,
        load,
        targets: [{ path: 'one', host, port }],
        rounds: 1,
        roundMs: 2000,
        warmupMs: 0,
      })
      const ours = (found.get('one')?.[0]?.sample.received ?? 0) / 2
      const { stdout } = await run(process.execPath, [
        'node_modules/autocannon/autocannon.js',
        ...['-c', '10', '-d', '2', '-j', `http://${host}:${port}/`],
      ])
      const theirs = (JSON.parse(stdout) as { requests: { average: number } }).requests.average
      ratios.push(ours / theirs)
    }
  } finally {
    await server.stop()
  }
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
  process.stdout.write(
    `maximum rate, closed c=10 over autocannon's own: median ratio ${median(ratios).toFixed(2)} (${spread})\n`,
  )
}

function mediansOf(found: ReadonlyMap<string, readonly InterleavedRound[]>, path: string): number[] {
  return (found.get(path) ?? []).flatMap((round) => round.quantilesNs?.p50 ?? [])
}

await steps(true)
await steps(false)
await besideWrk()
await maximumRate()
process.exitCode = missed === 0 ? 0 : 1
