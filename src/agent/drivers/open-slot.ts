import type { LatencyHistogram } from '../latency-histogram.ts'
import type { PathRecorder } from '../path-recorder.ts'
import { exponential, type Random } from '../../random.ts'
import type { KeptConnection } from './kept-connection.ts'

/** A connection and when its current request was due, ns since the start of the slot. */
export interface Lane {
  readonly connection: KeptConnection
  dueNs: number
}

export interface SlotSettings {
  readonly recorder: PathRecorder
  readonly lagNs: LatencyHistogram
  readonly responseNs: LatencyHistogram
  readonly lanes: readonly Lane[]
  readonly random: Random
  readonly ratePerSecond: number
  readonly durationMs: number
  /** How long to wait for answers after the end. */
  readonly graceMs: number
}

/** How long requests that are due but not written at the end of the slot may still be written. */
const drainMs = 100
/** The longest sleep, so that lost connections and time-outs are seen in time. */
const longestTickMs = 20

/** Due times of a Poisson process, ns since the start of the slot, rising; the seed alone decides them. */
export function* dueTimes(random: Random, ratePerSecond: number, durationMs: number): Generator<number> {
  const meanNs = 1e9 / ratePerSecond
  for (let dueNs = exponential(random, meanNs); dueNs < durationMs * 1e6;) {
    yield dueNs
    dueNs += exponential(random, meanNs)
  }
}

/** One path's share of a turn in the open-loop profile. */
export class OpenLoopSlot {
  readonly #settings: SlotSettings
  readonly #due: Iterator<number>
  readonly #lanes: ReadonlySet<Lane>
  readonly #idle: Lane[]
  readonly #startNs = process.hrtime.bigint()
  #nextDueNs: number | undefined
  /** Due and not yet written, oldest first from `#queueAt` on. */
  readonly #queue: number[] = []
  #queueAt = 0
  #backlogKnown = false
  #timer: NodeJS.Timeout | undefined
  #done: (() => void) | undefined

  constructor(settings: SlotSettings) {
    this.#settings = settings
    this.#due = dueTimes(settings.random, settings.ratePerSecond, settings.durationMs)
    this.#nextDueNs = this.#takeDue()
    this.#lanes = new Set(settings.lanes)
    this.#idle = settings.lanes.filter(({ connection }) => connection.state === 'ready')
  }

  /** Sends what falls due and waits for the answers. Resolves with the time in ms that it took beyond its duration. */
  async run(): Promise<number> {
    await new Promise<void>((done) => {
      this.#done = done
      this.#tick()
    })
    return Math.max(0, this.#nowNs() / 1e6 - this.#settings.durationMs)
  }

  /** A connection has become free. */
  free(lane: Lane): void {
    if (!this.#done || !this.#lanes.has(lane)) return
    this.#idle.push(lane)
    this.#dispatch()
  }

  answered(lane: Lane, ok: boolean): void {
    const { connection, dueNs } = lane
    if (ok) this.#settings.responseNs.record(this.#sinceStart(connection.arrivedAtNs) - dueNs)
    if (connection.state === 'ready') this.free(lane)
  }

  /** Ends the slot at once. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#done?.()
    this.#done = undefined
  }

  #takeDue(): number | undefined {
    const { done, value } = this.#due.next()
    return done ? undefined : value
  }

  #tick(): void {
    const { durationMs, graceMs, lanes, recorder } = this.#settings
    const nowNs = this.#nowNs()
    while (this.#nextDueNs !== undefined && this.#nextDueNs <= nowNs) {
      this.#queue.push(this.#nextDueNs)
      recorder.addTo('intended', 1)
      this.#nextDueNs = this.#takeDue()
    }
    this.#dispatch()
    this.#watchConnections()
    const overMs = nowNs / 1e6 - durationMs
    if (overMs >= 0 && this.#endSlot(overMs)) return
    if (overMs >= graceMs) {
      for (const { connection } of lanes) if (connection.state === 'busy') connection.drop()
      this.stop()
      return
    }
    this.#timer = setTimeout(() => this.#tick(), this.#sleepMs(overMs))
  }

  /** True when nothing is left to write or to wait for. */
  #endSlot(overMs: number): boolean {
    const { lanes, recorder } = this.#settings
    const waiting = this.#queue.length - this.#queueAt
    if (!this.#backlogKnown) recorder.addTo('backlog', waiting)
    this.#backlogKnown = true
    if (waiting > 0 && overMs < drainMs) return false
    if (waiting > 0) recorder.addTo('unsent', waiting)
    this.#queueAt = this.#queue.length
    if (lanes.some(({ connection }) => connection.state === 'busy')) return false
    this.stop()
    return true
  }

  #dispatch(): void {
    const { lagNs } = this.#settings
    while (this.#queueAt < this.#queue.length) {
      const lane = this.#idle.shift()
      if (!lane) return
      if (lane.connection.state !== 'ready') continue // lost while it was idle
      lane.dueNs = this.#queue[this.#queueAt++] ?? 0
      lane.connection.send()
      lagNs.record(this.#sinceStart(lane.connection.sentAtNs) - lane.dueNs)
    }
  }

  #watchConnections(): void {
    const nowNs = process.hrtime.bigint()
    for (const { connection } of this.#settings.lanes) {
      connection.checkTimeout(nowNs)
      if (!this.#backlogKnown && connection.mayConnect(nowNs)) connection.connect()
    }
  }

  #sleepMs(overMs: number): number {
    if (overMs >= 0) return 1
    const nextMs = this.#nextDueNs === undefined ? -overMs : (this.#nextDueNs - this.#nowNs()) / 1e6
    return Math.min(longestTickMs, Math.max(1, Math.floor(nextMs)))
  }

  #nowNs(): number {
    return this.#sinceStart(process.hrtime.bigint())
  }

  #sinceStart(ns: bigint): number {
    return Number(ns - this.#startNs)
  }
}
