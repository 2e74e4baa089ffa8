import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { createDriver } from '../drivers/drivers.ts'
import type { DriverLoad } from '../drivers/drivers.ts'
import type { Driver, ResponseCheck } from '../drivers/driver.ts'
import type { PathSample, ServeFaults, Target } from '../protocol.ts'
import { startEchoServer, type EchoServer } from '../server/echo-server.ts'

export const sizes = { requestBytes: 16, responseBytes: 16 }

export function decode(encoded: string | undefined): Histogram {
  if (encoded === undefined) throw new Error('no such histogram')
  return decodeFromCompressedBase64(encoded)
}

export function target(path: string, port: number): Target {
  return { path, host: '127.0.0.1', port }
}

export function echoServer(pod: string, faults?: ServeFaults): Promise<EchoServer> {
  return startEchoServer({ host: '127.0.0.1', port: 0, cluster: 'test', pod, faults })
}

export interface TurnOutcome {
  readonly samples: readonly PathSample[]
  readonly wallMs: number
}

/** Sums of one path over several turns; histograms as their number of values. */
export interface Total {
  readonly sent: number
  readonly received: number
  readonly bad: number
  readonly errors: number
  readonly lost: number
  readonly reconnects: number
  readonly warm: number
  readonly cold: number
  /** Sum of all warm and cold values, ms. */
  readonly busyMs: number
  readonly firstError: string | undefined
}

/** What one path did over all turns. */
export function total(outcomes: readonly TurnOutcome[], path: string): Total {
  const samples = outcomes.map((outcome) => sampleOf(outcome, path))
  const sum = (of: (sample: PathSample) => number) => samples.reduce((all, sample) => all + of(sample), 0)
  return {
    sent: sum(({ sent }) => sent),
    received: sum(({ received }) => received),
    bad: sum(({ bad }) => bad),
    errors: sum(({ errors }) => errors),
    lost: sum(({ lost }) => lost),
    reconnects: sum(({ reconnects }) => reconnects),
    warm: sum(({ warm }) => decode(warm).totalCount),
    cold: sum(({ cold }) => decode(cold).totalCount),
    busyMs: sum(({ warm, cold }) => sumNs(warm) + sumNs(cold)) / 1e6,
    firstError: samples.find(({ firstError }) => firstError !== undefined)?.firstError,
  }
}

/** Sum of all values, by the middle of each bucket. */
export function sumNs(encoded: string | undefined): number {
  const histogram = decode(encoded)
  return histogram.totalCount === 0 ? 0 : histogram.totalCount * histogram.mean
}

interface DriveOptions {
  readonly seeds?: readonly number[]
  readonly durationMs?: number
  readonly timeoutMs?: number
  readonly check?: ResponseCheck
  readonly halves?: boolean
  /** More turns are run until this holds: a busy machine may get little done in one. */
  readonly until?: (of: (path: string) => Total) => boolean
}

const patienceMs = 20_000

/** Opens a driver, runs a turn for each seed and then as many as it takes, and closes it. */
export async function drive(
  load: DriverLoad,
  targets: readonly Target[],
  options: DriveOptions = {},
): Promise<TurnOutcome[]> {
  const {
    seeds = [1],
    durationMs = 300,
    timeoutMs = 10_000,
    check = 'echo',
    halves = false,
    until = () => true,
  } = options
  const driver = await createDriver({ load, targets, timeoutMs, check, halves })
  const outcomes: TurnOutcome[] = []
  try {
    await driver.open()
    for (const seed of seeds) outcomes.push(await turn(driver, seed, durationMs))
    const startedMs = performance.now()
    while (!until((path) => total(outcomes, path)) && performance.now() - startedMs < patienceMs) {
      outcomes.push(await turn(driver, outcomes.length, durationMs))
    }
    return outcomes
  } finally {
    await driver.close()
  }
}

async function turn(driver: Driver, seed: number, durationMs: number): Promise<TurnOutcome> {
  const startedMs = performance.now()
  await driver.turn({ id: seed, seed, durationMs })
  const wallMs = performance.now() - startedMs
  return { samples: driver.takeSamples(), wallMs }
}

/** The sample of one path; fails the test when there is none. */
export function sampleOf(outcome: TurnOutcome | undefined, path: string): PathSample {
  const sample = outcome?.samples.find((one) => one.path === path)
  if (!sample) throw new Error(`no sample of path ${path}`)
  return sample
}

export function wallMsOf(outcomes: readonly TurnOutcome[]): number {
  return outcomes.reduce((sum, { wallMs }) => sum + wallMs, 0)
}

/**
 * Requests in the order of arrival at a server, cut into cycles, from one turn that is as long as it takes to have
 * `least` cycles.
 */
export async function cyclesOf(
  load: DriverLoad,
  targets: readonly Target[],
  seed: number,
  arrivals: readonly string[],
  least: number,
): Promise<string[]> {
  for (let durationMs = 300; ; durationMs *= 3) {
    const from = arrivals.length
    await drive(load, targets, { seeds: [seed], durationMs })
    const whole = Math.floor((arrivals.length - from) / targets.length)
    if (whole < least && durationMs < patienceMs) continue
    return Array.from({ length: whole }, (_, i) =>
      arrivals.slice(from + i * targets.length, from + (i + 1) * targets.length).join(''),
    )
  }
}
