import { boolean, oneOf, optional } from '../fields.ts'
import { openHttp2Channel } from '../channels/http2-channel.ts'
import { openHttp1Channel, openTcpChannel } from '../channels/raw-channel.ts'
import type { OpenChannel } from '../channels/channel.ts'
import { PathRecorder } from '../path-recorder.ts'
import type { PathSample } from '../protocol.ts'
import { seededRandom, shuffle, type Random } from '../../random.ts'
import { AnswerCheck } from './answer-check.ts'
import type { Driver, DriverModule, DriverSettings, Payload, Turn } from './driver.ts'
import { resolveTargets } from './resolve-targets.ts'
import { connectAll, KeptConnection } from './kept-connection.ts'

export interface PingPongLoad extends Payload {
  readonly profile: 'pingpong'
  readonly protocol: 'http1' | 'http2' | 'tcp'
  /**
   * The generator never sleeps while it waits for a response. That takes a whole CPU, and keeps the time that the
   * kernel needs to wake it, 10 to 60 µs and more after a longer wait, out of what is read.
   */
  readonly busyPoll?: boolean | undefined
}

export const pingpong: DriverModule<PingPongLoad> = {
  read: (of, sizes) => ({
    profile: 'pingpong',
    protocol: oneOf(of, 'protocol', ['http1', 'http2', 'tcp'] as const),
    busyPoll: optional(of, 'busyPoll', boolean) ?? false,
    ...sizes,
  }),
  create: (settings) => new PingPongDriver(settings),
}

const openChannel: Readonly<Record<PingPongLoad['protocol'], OpenChannel>> = {
  http1: openHttp1Channel,
  http2: openHttp2Channel,
  tcp: openTcpChannel,
}

/** A lost connection gets this long to come back before the other paths go on without it. */
const inlineConnectMs = 250
const tickMs = 20
const nsPerMs = 1_000_000n

interface Run {
  readonly random: Random
  readonly deadlineNs: bigint
  readonly done: () => void
  /** Place in `#order` of the path that comes next. */
  next: number
}

/** A warm-up turn: every connection sends its next request when the last is answered. */
interface Flood {
  readonly deadlineNs: bigint
  readonly done: () => void
}

/**
 * The headline profile: one persistent connection per path and exactly one request in flight over all of them. The
 * order of paths is shuffled anew for every cycle, so that whatever the host does hits all paths alike.
 * Warm and cold histograms: from right before the write to the arrival of the last byte of the response. Connecting
 * is not part of either.
 */
export class PingPongDriver implements Driver {
  readonly #settings: DriverSettings<PingPongLoad>
  #connections: KeptConnection[] = []
  #order: KeptConnection[] = []
  #run: Run | undefined
  #flood: Flood | undefined
  /** The connection that carries the request in flight, or that all others wait for while it connects. */
  #current: KeptConnection | undefined
  #currentSinceNs = 0n
  #idle: NodeJS.Timeout | undefined

  constructor(settings: DriverSettings<PingPongLoad>) {
    this.#settings = settings
  }

  async open(): Promise<void> {
    const { load, check, timeoutMs, halves, dialFor } = this.#settings
    const { requestBytes, responseBytes, protocol } = load
    const targets = await resolveTargets(this.#settings)
    this.#connections = targets.map((target) => {
      const recorder = new PathRecorder(target.path, halves)
      return new KeptConnection(
        {
          openChannel: openChannel[protocol],
          shape: { target, requestBytes, responseBytes, dial: dialFor?.(target.dialer) },
          recorder,
          check: new AnswerCheck(check, responseBytes, recorder),
          timeoutMs,
        },
        {
          ready: (connection) => this.#ready(connection),
          answered: (connection) => this.#goOnAfter(connection),
          down: (connection) => this.#goOnAfter(connection),
        },
      )
    })
    await connectAll(this.#connections)
  }

  async turn({ seed, durationMs, flood }: Turn): Promise<void> {
    for (const connection of this.#connections) connection.skipBytes()
    this.#order = [...this.#connections] // the seed alone decides the order
    const ticker = setInterval(() => this.#tick(), tickMs)
    const stopPolling = this.#settings.load.busyPoll ? pollBusily() : undefined
    await new Promise<void>((done) => {
      const deadlineNs = process.hrtime.bigint() + BigInt(Math.round(durationMs * 1e6))
      if (flood) {
        this.#flood = { deadlineNs, done }
        this.#pour()
        return
      }
      this.#run = { random: seededRandom(seed), deadlineNs, done, next: this.#order.length }
      this.#step()
    })
    clearInterval(ticker)
    stopPolling?.()
  }

  takeSamples(): readonly PathSample[] {
    return this.#connections.map((connection) => {
      const { recorder, state } = connection
      if (recorder.isSilent && state !== 'ready') connection.unsent()
      connection.collectBytes()
      return recorder.take(0)
    })
  }

  close(): Promise<void> {
    for (const connection of this.#connections) connection.drop()
    this.#finish()
    return Promise.resolve()
  }

  /** Sends over every connection that is free, and ends the flood once it is over and all of them are. */
  #pour(): void {
    const flood = this.#flood
    if (!flood) return
    if (process.hrtime.bigint() < flood.deadlineNs) {
      for (const connection of this.#connections) {
        if (connection.state === 'ready') connection.send()
      }
    } else if (this.#connections.every(({ state }) => state !== 'busy')) {
      this.#flood = undefined
      flood.done()
    }
  }

  /** Sends the next request, or arranges to be called again. Runs only while nothing is in flight. */
  #step(): void {
    const run = this.#run
    if (!run) return
    for (let skipped = 0; skipped <= this.#order.length; skipped++) {
      const nowNs = process.hrtime.bigint()
      if (nowNs >= run.deadlineNs) {
        this.#finish()
        return
      }
      if (run.next >= this.#order.length) {
        shuffle(this.#order, run.random)
        run.next = 0
      }
      const connection = this.#order[run.next++]
      if (connection && this.#use(connection, nowNs)) return
    }
    // Every path is down: look again in a moment.
    this.#idle = setTimeout(() => this.#step(), 5)
  }

  /** False when the path is down and the others go on without it. */
  #use(connection: KeptConnection, nowNs: bigint): boolean {
    if (connection.state === 'ready') {
      this.#current = connection
      connection.send()
      return true
    }
    if (!connection.mayConnect(nowNs)) return false
    const expected = connection.failures === 0
    connection.connect()
    if (!expected) return false // it has failed before: it connects beside the others
    this.#current = connection
    this.#currentSinceNs = nowNs
    return true
  }

  #ready(connection: KeptConnection): void {
    if (connection === this.#current) connection.send()
  }

  #goOnAfter(connection: KeptConnection): void {
    if (this.#flood) this.#pour()
    if (connection !== this.#current) return
    this.#current = undefined
    this.#step()
  }

  #tick(): void {
    const nowNs = process.hrtime.bigint()
    for (const connection of this.#connections) connection.checkTimeout(nowNs)
    this.#pour()
    const waited = nowNs - this.#currentSinceNs > BigInt(inlineConnectMs) * nsPerMs
    const over = this.#run !== undefined && nowNs >= this.#run.deadlineNs
    if (this.#current?.state === 'connecting' && (waited || over)) this.#goOnAfter(this.#current)
  }

  #finish(): void {
    clearTimeout(this.#idle)
    const { done } = this.#run ?? this.#flood ?? {}
    this.#run = this.#flood = this.#current = undefined
    done?.()
  }
}

/** Keeps the event loop from sleeping until the returned function is called. */
function pollBusily(): () => void {
  let immediate = setImmediate(poll)
  function poll(): void {
    immediate = setImmediate(poll)
  }
  return () => clearImmediate(immediate)
}
