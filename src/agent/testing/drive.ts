import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { createDriver } from '../drivers/create-driver.ts'
import type { Driver, ResponseCheck } from '../drivers/driver.ts'
import type { DriverLoad, PathSample, ServeFaults, Target } from '../protocol.ts'
import { startEchoServer, type EchoServer } from '../server/echo-server.ts'

export const sizes = { requestBytes: 16, responseBytes: 16 }

export function decode(encoded: string): Histogram {
  return decodeFromCompressedBase64(encoded)
}

/** Sum of all values, ns, by the middle of each bucket. */
export function sumNs(encoded: string): number {
  const histogram = decode(encoded)
  return histogram.totalCount * (histogram.totalCount === 0 ? 0 : histogram.mean)
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

/** Opens a driver, runs turns with the given seeds, and closes it. */
export async function drive(
  load: DriverLoad,
  targets: readonly Target[],
  options: {
    seeds?: readonly number[]
    durationMs?: number
    timeoutMs?: number
    check?: ResponseCheck
  } = {},
): Promise<TurnOutcome[]> {
  const { seeds = [1], durationMs = 300, timeoutMs = 10_000, check = 'echo' } = options
  const driver = await createDriver({ load, targets, timeoutMs, check })
  try {
    await driver.open()
    const outcomes: TurnOutcome[] = []
    for (const [id, seed] of seeds.entries()) outcomes.push(await turn(driver, { id, seed, durationMs }))
    return outcomes
  } finally {
    await driver.close()
  }
}

export async function turn(
  driver: Driver,
  request: { id: number; seed: number; durationMs: number },
): Promise<TurnOutcome> {
  const startedMs = performance.now()
  await driver.turn(request)
  const wallMs = performance.now() - startedMs
  return { samples: driver.takeSamples(), wallMs }
}

/** The sample of one path; fails the test when there is none. */
export function sampleOf(outcome: TurnOutcome | undefined, path: string): PathSample {
  const sample = outcome?.samples.find((one) => one.path === path)
  if (!sample) throw new Error(`no sample of path ${path}`)
  return sample
}
