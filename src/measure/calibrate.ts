import type { ServeFaults } from '../agent/protocol.ts'
import type { DriverLoad } from '../agent/drivers/drivers.ts'
import { histogramQuantiles, mergeHistograms } from '../results/histogram.ts'
import { describeEnvironment, environmentHash } from '../results/fingerprint.ts'
import { comparePairs, type Pair } from '../stats/compare-pairs.ts'
import { interleave, type InterleavedRound } from './interleave.ts'
import { startLocalServer } from './local-agent.ts'

/** One thing that the instrument must show on this host; times in µs. */
export interface CalibrationCheck {
  readonly name: string
  readonly trueUs: number | null
  readonly measuredUs: number | null
  readonly lowUs: number | null
  readonly highUs: number | null
  /** What passes, in words. */
  readonly limit: string
  readonly passed: boolean
}

export interface Calibration {
  readonly at: string
  readonly environmentHash: string
  readonly checks: readonly CalibrationCheck[]
  readonly passed: boolean
}

export interface CalibrateOptions {
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
  /** Rounds of a second for the delay steps; 20 unless given. */
  readonly rounds?: number | undefined
  readonly seed?: number | undefined
}

const base = { requestBytes: 16, responseBytes: 16 } as const
const pingpong: DriverLoad = { profile: 'pingpong', protocol: 'http1', ...base }
const openLoad: DriverLoad = { profile: 'open', ratePerSecond: 500, connections: 4, ...base }

/**
 * What each path meets; a number is a known delay in µs, `again` the A/A pair of `400`. One server has them all:
 * several would also differ in the CPUs they happen to run on, which is worth up to 15 µs on two cores.
 */
const steps: Readonly<Record<string, ServeFaults>> = {
  '0': { delayUs: 0 },
  '200': { delayUs: 200 },
  '250': { delayUs: 250 },
  '400': { delayUs: 400 },
  '450': { delayUs: 450 },
  '700': { delayUs: 700 },
  again: { delayUs: 400 },
  /** Slow only on the first request of each connection. */
  first: { delayUs: 400, firstRequestDelayUs: 5000 },
  /** Closes each connection after 200 responses. */
  fin: { delayUs: 400, finEvery: 200 },
}
const stall: ServeFaults = { delayUs: 400, stall: { everyMs: 1000, forMs: 50 } }

/** How far a true step may be misread: 10 µs, as a run needs it to resolve 50 µs. */
const toleranceUs = 10

/**
 * Measures servers with known delays on this host. A host that cannot show an injected 50 µs as 50 ± 10 must not
 * publish numbers.
 * @throws HopmeterError when a server or the agent fails.
 */
export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const server = await startLocalServer('calibration', { faultsByPath: { ...steps, stall } })
  try {
    const targets = (names: readonly string[]) =>
      names.map((path) => ({ path, host: server.host, port: server.port }))
    const common = {
      onRound: () => server.assertRunning(),
      seed: options.seed ?? 1,
      timeoutMs: 5000,
      check: 'echo',
      signal: options.signal,
    } as const

    options.progress('reading known delays')
    const read = await interleave({
      ...common,
      load: pingpong,
      targets: targets(Object.keys(steps)),
      rounds: options.rounds ?? 20,
      roundMs: 1000,
      warmupMs: 500,
      onRound: (done, total) => {
        server.assertRunning()
        options.progress(`reading known delays: round ${done}/${total}`)
      },
    })
    options.progress('looking for a stall in the tail')
    const stalled = await interleave({
      ...common,
      load: openLoad,
      targets: targets(['stall']),
      rounds: 4,
      roundMs: 1000,
      warmupMs: 500,
    })
    const of = (name: string) => read.get(name) ?? []
    const checks = [
      stepCheck('+50 µs (250 − 200)', of('200'), of('250'), 50, toleranceUs),
      stepCheck('+50 µs (450 − 400)', of('400'), of('450'), 50, toleranceUs),
      stepCheck('+500 µs (700 − 200)', of('200'), of('700'), 500, 5 * toleranceUs),
      stepCheck('A/A (400 twice)', of('400'), of('again'), 0, toleranceUs),
      stepCheck('5 ms on first requests only, seen by later ones', of('400'), of('first'), 0, toleranceUs),
      stepCheck('connections closed every 200 responses', of('400'), of('fin'), 0, toleranceUs),
      reconnectCheck(of('fin')),
      stallCheck(stalled.get('stall') ?? []),
    ]
    const at = new Date().toISOString()
    const hash = environmentHash(await describeEnvironment())
    return { at, environmentHash: hash, checks, passed: checks.every((check) => check.passed) }
  } finally {
    await server.stop()
  }
}

function stepCheck(
  name: string,
  from: readonly InterleavedRound[],
  to: readonly InterleavedRound[],
  trueUs: number,
  withinUs: number,
): CalibrationCheck {
  const pairs = from.flatMap((round, i): Pair[] => {
    const [a, b] = [round.quantilesNs?.p50, to[i]?.quantilesNs?.p50]
    return a === undefined || b === undefined ? [] : [[a, b]]
  })
  // Known delays are fixed times.
  const { difference, low, high } = comparePairs([[pairs]], { scale: 'difference' })
  const us = (ns: number | null) => (ns === null ? null : ns / 1000)
  const passed = difference !== null && Math.abs(difference / 1000 - trueUs) <= withinUs
  const limit = `${trueUs} ± ${withinUs} µs`
  return { name, trueUs, measuredUs: us(difference), lowUs: us(low), highUs: us(high), limit, passed }
}

function reconnectCheck(rounds: readonly InterleavedRound[]): CalibrationCheck {
  const reconnects = rounds.reduce((sum, { sample }) => sum + sample.reconnects, 0)
  const requests = rounds.reduce((sum, { sample }) => sum + sample.received, 0)
  const expected = requests / 200
  const passed = reconnects >= expected - rounds.length - 1 && reconnects <= expected + rounds.length + 1
  return {
    name: `closed connections counted (${reconnects} of about ${Math.round(expected)})`,
    trueUs: null,
    measuredUs: null,
    lowUs: null,
    highUs: null,
    limit: 'one per 200 responses',
    passed,
  }
}

/** The server stands still for 5 % of the time: an open loop must see it from about the 95th percentile on. */
function stallCheck(rounds: readonly InterleavedRound[]): CalibrationCheck {
  const histograms = rounds.flatMap(({ sample }) => sample.extra['response'] ?? [])
  const p99 =
    histograms.length === 0 ? undefined : histogramQuantiles(mergeHistograms(histograms)).quantilesNs?.p99
  return {
    name: 'a 50 ms stall each second shows at p99 of the open loop',
    trueUs: 40_000,
    measuredUs: p99 === undefined ? null : p99 / 1000,
    lowUs: null,
    highUs: null,
    limit: 'over 30 ms',
    passed: p99 !== undefined && p99 > 30e6,
  }
}
