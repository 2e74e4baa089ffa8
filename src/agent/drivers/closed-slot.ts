import autocannon from 'autocannon'
import type { PathRecorder } from '../path-recorder.ts'
import type { Target } from '../protocol.ts'
import { authorityOf, echoHeaders } from '../wire/http1-request.ts'
import type { AnswerCheck } from './answer-check.ts'
import type { Payload } from './driver.ts'
import { WatchedClient, type AutocannonClient } from './watched-client.ts'

export interface ClosedLoad extends Payload {
  readonly profile: 'closed'
  readonly connections: number
}

export interface ClosedSlotSettings {
  readonly target: Target
  readonly recorder: PathRecorder
  readonly check: AnswerCheck
  readonly load: ClosedLoad
  readonly timeoutMs: number
  readonly durationMs: number
  /** How long to wait for answers after the end. */
  readonly graceMs: number
}

/** autocannon looks this often whether it is over; connections that have stopped wait that long at most. */
const sampleMs = 20
/** autocannon's own end, which never comes to be: clients are told when to stop. */
const farMs = 3_600_000

/** One path's share of a turn in the closed-loop profile: one run of autocannon. */
export class ClosedLoopSlot {
  readonly #settings: ClosedSlotSettings
  readonly #clients: WatchedClient[] = []

  constructor(settings: ClosedSlotSettings) {
    this.#settings = settings
  }

  /**
   * Runs until every client has the answer to its last request, so that what is recorded is what was served.
   * Resolves with the time in ms that it took beyond its duration.
   */
  async run(): Promise<number> {
    const { durationMs, graceMs } = this.#settings
    const startMs = performance.now()
    const end = setTimeout(() => {
      for (const client of this.#clients) client.finish()
    }, durationMs)
    const limit = setTimeout(() => this.stop(), durationMs + graceMs)
    try {
      await autocannon(this.#options())
    } finally {
      clearTimeout(end)
      clearTimeout(limit)
    }
    return Math.max(0, performance.now() - startMs - durationMs)
  }

  /** Ends all connections at once. */
  stop(): void {
    for (const client of this.#clients) client.stop()
  }

  #options(): autocannon.Options {
    const { target, recorder, check, load, timeoutMs } = this.#settings
    const { requestBytes, responseBytes, connections } = load
    const address = authorityOf({ ...target, authority: undefined })
    return {
      url: `http://${address}`,
      requests: [{ path: target.httpPath ?? '/' }],
      headers: { host: authorityOf(target), ...echoHeaders(target, responseBytes) },
      method: requestBytes === 0 ? 'GET' : 'POST',
      ...(requestBytes === 0 ? {} : { body: Buffer.alloc(requestBytes, 'x') }),
      connections,
      pipelining: 1,
      duration: (durationOf(this.#settings) + farMs) / 1000,
      timeout: Math.max(1, timeoutMs / 1000), // autocannon takes no less
      sampleInt: sampleMs,
      skipAggregateResult: true,
      setupClient: (client) => {
        this.#clients.push(new WatchedClient(client as AutocannonClient, recorder, check, address))
      },
    }
  }
}

function durationOf({ durationMs, graceMs }: ClosedSlotSettings): number {
  return durationMs + graceMs
}
