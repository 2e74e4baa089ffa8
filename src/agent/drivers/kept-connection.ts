import { setTimeout as sleep } from 'node:timers/promises'
import {
  BadAnswerError,
  type AnswerHead,
  type Channel,
  type OpenChannel,
  type RequestShape,
} from '../channels/channel.ts'
import { socketErrorText } from '../channels/socket-error.ts'
import type { PathRecorder } from '../path-recorder.ts'
import type { AnswerCheck } from './answer-check.ts'

/** A path that is down is tried again after 50, 100, 200 ms and so on, so that it does not take the others' time. */
const firstBackoffMs = 50
const longestBackoffMs = 1000

const nsPerMs = 1e6

export interface ConnectionSettings {
  readonly openChannel: OpenChannel
  readonly shape: RequestShape
  readonly recorder: PathRecorder
  readonly check: AnswerCheck
  readonly timeoutMs: number
}

export interface ConnectionListener {
  /** A connection stands and carries nothing yet. */
  ready(connection: KeptConnection): void
  /** The answer to `send` is in, counted and recorded. */
  answered(connection: KeptConnection, ok: boolean): void
  /** Connecting failed, or the connection was lost with or without a request on it. */
  down(connection: KeptConnection): void
}

/**
 * One persistent connection of a path: counts what becomes of its requests, tells first requests (cold) from later
 * ones (warm), and connects again when told to. `send`, `connect` and `drop` never call the listener themselves.
 */
export class KeptConnection {
  state: 'down' | 'connecting' | 'ready' | 'busy' = 'down'
  /** Failures since the last answer; 0 means that connecting again is expected to work. */
  failures = 0
  /** Why the connection was last lost, until something is answered: a later turn may not even get to try. */
  trouble: string | undefined
  sentAtNs = 0n
  /** When the last byte of the last answer arrived, `process.hrtime.bigint()`. */
  arrivedAtNs = 0n
  readonly recorder: PathRecorder
  readonly #settings: ConnectionSettings
  readonly #listener: ConnectionListener
  #channel: Channel | undefined
  #fresh = true
  #everConnected = false
  #connectingSinceNs = 0n
  #retryAtNs = 0n

  constructor(settings: ConnectionSettings, listener: ConnectionListener) {
    this.#settings = settings
    this.#listener = listener
    this.recorder = settings.recorder
  }

  mayConnect(nowNs: bigint): boolean {
    return this.state === 'down' && nowNs >= this.#retryAtNs
  }

  connect(): void {
    this.state = 'connecting'
    this.#fresh = true
    this.#connectingSinceNs = process.hrtime.bigint()
    this.#channel = this.#settings.openChannel(this.#settings.shape, {
      connected: () => this.#connected(),
      answered: (head, bodyBytes) => this.#answered(head, bodyBytes),
      closed: (error) => this.#closed(error),
    })
  }

  /** Writes the request; only when `ready`. */
  send(): void {
    this.state = 'busy'
    this.recorder.sent++
    if (this.#channel) this.sentAtNs = this.#channel.send()
  }

  /** Gives up what takes longer than the time-out. */
  checkTimeout(nowNs: bigint): void {
    const { timeoutMs } = this.#settings
    if (this.state === 'connecting' && nowNs - this.#connectingSinceNs > timeoutMs * nsPerMs) {
      this.trouble = `no answer within ${timeoutMs} ms`
      this.recorder.unsent(`cannot connect to ${this.#address}: ${this.trouble}`)
      this.#lose()
    } else if (this.state === 'busy' && nowNs - this.sentAtNs > timeoutMs * nsPerMs) {
      const what = this.#channel?.receiving ? 'no complete response' : 'no response'
      this.trouble = `${what} within ${timeoutMs} ms`
      this.recorder.failed(`${what} from ${this.#address} within ${timeoutMs} ms`)
      this.#lose()
    }
  }

  /** Ends the connection; a request on it counts as an error. */
  drop(): void {
    if (this.state === 'busy') {
      this.trouble = 'no response before the turn ended'
      this.recorder.failed(`no response from ${this.#address} before the turn ended`)
    }
    this.#release()
  }

  /** Counts a request that a whole turn had no connection for, with the reason. */
  unsent(): void {
    const connecting = this.state === 'connecting' ? 'still connecting when the turn ended' : undefined
    const why = [this.trouble, connecting].filter((text) => text !== undefined).join('; ')
    this.recorder.unsent(`not connected to ${this.#address}: ${why || 'the last connection was closed'}`)
  }

  /** What was written to open the connection is not part of the turn that comes. */
  skipBytes(): void {
    this.#channel?.takeBytes()
  }

  collectBytes(): void {
    if (!this.#channel) return
    const { sent, received } = this.#channel.takeBytes()
    this.recorder.bytesSent += sent
    this.recorder.bytesReceived += received
  }

  get #address(): string {
    const { host, port } = this.#settings.shape.target
    return `${host}:${port}`
  }

  #connected(): void {
    if (this.#everConnected) this.recorder.reconnects++
    this.#everConnected = true
    this.state = 'ready'
    this.#listener.ready(this)
  }

  #answered(head: AnswerHead, bodyBytes: number): void {
    this.arrivedAtNs = this.#channel?.arrivedAtNs ?? 0n
    const ok = this.#settings.check.accept(head, bodyBytes)
    if (ok) {
      const ns = Number(this.arrivedAtNs - this.sentAtNs)
      if (this.#fresh) this.recorder.cold.record(ns)
      else this.recorder.recordWarm(ns)
    }
    this.#fresh = false
    this.failures = 0
    this.trouble = undefined
    this.state = 'ready'
    if (!this.#channel?.usable) this.#release() // the server said that it will close
    this.#listener.answered(this, ok)
  }

  #closed(error: Error | undefined): void {
    const text = error && socketErrorText(error)
    this.trouble = text ?? 'connection closed'
    if (this.state === 'connecting') {
      this.recorder.unsent(`cannot connect to ${this.#address}: ${text ?? 'connection closed'}`)
    } else if (this.state !== 'busy') {
      // No request was on it, so none is counted. Servers may close idle connections, and some say so first (status
      // 408); one that never carried an answer is a reason to know.
      if (this.#fresh)
        this.recorder.note(text ?? `${this.#address} closed the connection before it was asked`)
    } else if (error instanceof BadAnswerError) {
      this.recorder.bad++
      this.recorder.note(error.message)
    } else if (text !== undefined) {
      // Lost, as a close is: whether a reset is seen as one depends on what the kernel reports first.
      this.recorder.note(`connection to ${this.#address} failed: ${text}`)
    } else {
      const when = this.#channel?.receiving ? 'in the middle of its answer' : 'before it answered'
      this.recorder.note(`${this.#address} closed the connection ${when}`)
    }
    this.#lose()
  }

  #lose(): void {
    if (this.#fresh) this.failures++
    this.#release()
    const backoffMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (this.failures - 1))
    this.#retryAtNs = this.failures === 0 ? 0n : process.hrtime.bigint() + BigInt(backoffMs * nsPerMs)
    this.#listener.down(this)
  }

  #release(): void {
    this.collectBytes()
    this.#channel?.destroy()
    this.#channel = undefined
    this.state = 'down'
  }
}

/** Connects all at once and waits until each stands, has failed or has taken too long. */
export async function connectAll(connections: readonly KeptConnection[]): Promise<void> {
  for (const connection of connections) connection.connect()
  while (connections.some(({ state }) => state === 'connecting')) {
    await sleep(5)
    const nowNs = process.hrtime.bigint()
    for (const connection of connections) connection.checkTimeout(nowNs)
  }
}
