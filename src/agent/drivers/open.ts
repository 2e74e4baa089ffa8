import { integer, positive } from '../fields.ts'
import { openHttp1Channel } from '../channels/raw-channel.ts'
import { PathRecorder } from '../path-recorder.ts'
import type { PathSample, Target } from '../protocol.ts'
import { seededRandom, shuffle } from '../../random.ts'
import { LatencyHistogram } from '../latency-histogram.ts'
import { AnswerCheck } from './answer-check.ts'
import {
  leastGraceMs,
  maxConnections,
  type Driver,
  type DriverModule,
  type DriverSettings,
  type Payload,
  type Turn,
} from './driver.ts'
import { resolveTargets } from './resolve-targets.ts'
import { connectAll, KeptConnection } from './kept-connection.ts'
import { OpenLoopSlot, type Lane } from './open-slot.ts'

export interface OpenLoad extends Payload {
  readonly profile: 'open'
  readonly ratePerSecond: number
  readonly connections: number
}

export const open: DriverModule<OpenLoad> = {
  read: (of, sizes) => ({
    profile: 'open',
    ratePerSecond: positive(of, 'ratePerSecond', 1e6),
    connections: integer(of, 'connections', 1, maxConnections),
    ...sizes,
  }),
  create: (settings) => new OpenLoopDriver(settings),
}

interface OpenPath {
  readonly recorder: PathRecorder
  readonly lagNs: LatencyHistogram
  readonly responseNs: LatencyHistogram
  readonly lanes: Lane[]
  order: number
}

/**
 * Constant mean rate: requests are due at the times of a Poisson process, whether or not earlier ones are answered.
 * Each path has its own slot, one after the other in shuffled order, and `connections` persistent connections; a due
 * request waits while all are busy. Timers have a resolution of 1 ms, so requests leave in the millisecond after they
 * are due.
 * Warm and cold histograms: service time, from right before the write to the last byte. `lag`: due to written.
 * `response`: due to last byte, first requests of connections included; it does not omit what a stalled server made
 * wait. Counters: `intended` (requests that fell due), `backlog` (due and not yet written when the slot ended) and
 * `unsent` (given up afterwards). A backlog means that the rate is too high for the path.
 */
export class OpenLoopDriver implements Driver {
  readonly #settings: DriverSettings<OpenLoad>
  #paths: OpenPath[] = []
  #slot: OpenLoopSlot | undefined
  #closed = false

  constructor(settings: DriverSettings<OpenLoad>) {
    this.#settings = settings
  }

  async open(): Promise<void> {
    const targets = await resolveTargets(this.#settings)
    this.#paths = targets.map((target) => this.#openPath(target))
    await connectAll(this.#paths.flatMap(({ lanes }) => lanes.map(({ connection }) => connection)))
  }

  async turn({ seed, durationMs }: Turn): Promise<void> {
    for (const { connection } of this.#paths.flatMap((path) => path.lanes)) connection.skipBytes()
    const random = seededRandom(seed)
    const order = [...this.#paths]
    shuffle(order, random)
    let graceMs = this.#settings.timeoutMs
    for (const [place, path] of order.entries()) {
      path.order = place
      if (this.#closed) return
      this.#slot = new OpenLoopSlot({
        ...path,
        random,
        ratePerSecond: this.#settings.load.ratePerSecond,
        durationMs: durationMs / order.length,
        graceMs: Math.max(leastGraceMs, graceMs),
      })
      graceMs -= await this.#slot.run()
    }
  }

  takeSamples(): readonly PathSample[] {
    return this.#paths.map(({ recorder, lanes, order }) => {
      // Too many were due to count each: what was not sent is a counter, and one of them says why.
      const down = lanes.find(({ connection }) => connection.state !== 'ready')
      if (recorder.isSilent && recorder.counter('unsent') > 0) down?.connection.unsent()
      for (const { connection } of lanes) connection.collectBytes()
      return recorder.take(order)
    })
  }

  close(): Promise<void> {
    this.#closed = true
    this.#slot?.stop()
    for (const { connection } of this.#paths.flatMap(({ lanes }) => lanes)) connection.drop()
    return Promise.resolve()
  }

  #openPath(target: Target): OpenPath {
    const { load, check, timeoutMs, halves, dialFor } = this.#settings
    const lagNs = new LatencyHistogram()
    const responseNs = new LatencyHistogram()
    const recorder = new PathRecorder(target.path, halves, { lag: lagNs, response: responseNs })
    const settings = {
      openChannel: openHttp1Channel,
      shape: {
        target,
        requestBytes: load.requestBytes,
        responseBytes: load.responseBytes,
        dial: dialFor?.(target.dialer),
      },
      recorder,
      check: new AnswerCheck(check, load.responseBytes, recorder),
      timeoutMs,
    }
    const lanes = Array.from({ length: load.connections }, (): Lane => {
      const lane: Lane = {
        dueNs: 0,
        connection: new KeptConnection(settings, {
          ready: () => this.#slot?.free(lane),
          answered: (_, ok) => this.#slot?.answered(lane, ok),
          down: () => {},
        }),
      }
      return lane
    })
    return { recorder, lagNs, responseNs, lanes, order: 0 }
  }
}
