import { setTimeout as sleep } from 'node:timers/promises'
import { LatencyHistogram } from '../latency-histogram.ts'
import { PathRecorder } from '../path-recorder.ts'
import type { PathSample, Target } from '../protocol.ts'
import { seededRandom, shuffle } from '../../random.ts'
import { AnswerCheck } from './answer-check.ts'
import type { Driver, DriverModule, DriverSettings, Payload, Turn } from './driver.ts'
import { resolveTargets } from './resolve-targets.ts'
import { SingleRequest } from './single-request.ts'

export interface ConnectLoad extends Payload {
  readonly profile: 'connect'
}

export const connect: DriverModule<ConnectLoad> = {
  read: (_, sizes) => ({ profile: 'connect', ...sizes }),
  create: (settings) => new ConnectDriver(settings),
}

/**
 * A path opens at most 400 connections a second: each leaves a port in TIME_WAIT for 60 s, and a client has 28,000
 * of them per destination (Linux, ip_local_port_range).
 */
const minGapMs = 2.5
/** A connection attempt gets this long before the other paths go on beside it. */
const inlineMs = 250
const firstBackoffMs = 50
const longestBackoffMs = 1000

/** What one path of the profile keeps between requests. */
class ConnectPath {
  readonly connectNs = new LatencyHistogram()
  readonly firstByteNs = new LatencyHistogram()
  readonly waitNs = new LatencyHistogram()
  readonly recorder: PathRecorder
  readonly check: AnswerCheck
  readonly target: Target
  request: SingleRequest | undefined
  everAnswered = false
  failures = 0
  /** Why the last request came to nothing: a later turn may not even get to try. */
  trouble: string | undefined
  retryAtMs = 0

  constructor(target: Target, { check, load, halves }: DriverSettings<ConnectLoad>) {
    this.target = target
    this.recorder = new PathRecorder(target.path, halves, {
      connect: this.connectNs,
      firstByte: this.firstByteNs,
      wait: this.waitNs,
    })
    this.check = new AnswerCheck(check, load.responseBytes, this.recorder)
  }
}

/**
 * A new TCP connection for every request, one at a time; the order of paths is shuffled anew for every cycle.
 * Warm and cold histograms: from the start of connecting to the arrival of the last byte of the response; cold is the
 * first answered connection of a path since `open`, which may have to build tunnels. Further histograms, of warm
 * requests only: `connect` (start to connected), `wait` (connected to first byte of the response) and `firstByte`
 * (start to first byte, their sum). The client closes the connection after the response.
 */
export class ConnectDriver implements Driver {
  readonly #settings: DriverSettings<ConnectLoad>
  #paths: ConnectPath[] = []
  #closed = false

  constructor(settings: DriverSettings<ConnectLoad>) {
    this.#settings = settings
  }

  async open(): Promise<void> {
    const targets = await resolveTargets(this.#settings)
    this.#paths = targets.map((target) => new ConnectPath(target, this.#settings))
  }

  async turn({ seed, durationMs }: Turn): Promise<void> {
    const random = seededRandom(seed)
    const order = [...this.#paths]
    const deadlineMs = performance.now() + durationMs
    const over = () => this.#closed || performance.now() >= deadlineMs
    while (!over()) {
      const cycleMs = performance.now()
      shuffle(order, random)
      for (const path of order) {
        if (over()) break
        if (path.request || performance.now() < path.retryAtMs) continue
        await this.#request(path)
      }
      const pauseMs = Math.min(cycleMs + minGapMs, deadlineMs) - performance.now()
      if (pauseMs > 0) await sleep(Math.ceil(pauseMs))
    }
    for (const { request } of this.#paths) request?.cancelConnecting()
    for (const { request } of this.#paths) await request?.done
  }

  takeSamples(): readonly PathSample[] {
    return this.#paths.map(({ recorder, failures, trouble }) => {
      if (recorder.isSilent && failures > 0)
        recorder.unsent(`not tried again in this turn: ${trouble ?? 'no answer'}`)
      return recorder.take(0)
    })
  }

  close(): Promise<void> {
    this.#closed = true
    for (const { request } of this.#paths) request?.destroy()
    return Promise.resolve()
  }

  /** Sends one request; resolves when it is over, or when it is still connecting after `inlineMs`. */
  async #request(path: ConnectPath): Promise<void> {
    const { load, timeoutMs, dialFor } = this.#settings
    const request = new SingleRequest({
      shape: { target: path.target, ...load, dial: dialFor?.(path.target.dialer) },
      recorder: path.recorder,
      timeoutMs,
    })
    path.request = request
    const finished = request.done.then((outcome) => {
      path.request = undefined
      path.trouble = request.trouble
      this.#record(path, outcome)
    })
    const timer = new AbortController()
    const patience = sleep(inlineMs, undefined, { signal: timer.signal }).catch(() => {})
    // Once a request is written it is the one in flight, however long it takes.
    await Promise.race([finished, patience.then(() => (request.written ? finished : undefined))])
    timer.abort()
  }

  #record(path: ConnectPath, outcome: Awaited<SingleRequest['done']>): void {
    if (!outcome) {
      path.failures++
      const backoffMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (path.failures - 1))
      path.retryAtMs = performance.now() + backoffMs
      return
    }
    path.failures = 0
    if (!path.check.accept(outcome.head, outcome.bodyBytes)) return
    if (path.everAnswered) {
      path.recorder.recordWarm(outcome.totalNs)
      path.connectNs.record(outcome.connectNs)
      path.firstByteNs.record(outcome.firstByteNs)
      path.waitNs.record(outcome.firstByteNs - outcome.connectNs)
    } else path.recorder.cold.record(outcome.totalNs)
    path.everAnswered = true
  }
}
