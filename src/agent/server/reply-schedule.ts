import { performance } from 'node:perf_hooks'
import type { ServeFaults } from '../protocol.ts'

/** When the replies of one connection fall due; keeps them in order. */
export interface ConnectionTimes {
  first: boolean
  lastDueMs: number
}

interface Waiting {
  readonly dueMs: number
  readonly reply: () => void
}

/** Timers fire up to a millisecond late; what is closer than this is waited for by spinning. */
const spinMs = 2.5

/**
 * Holds replies back for known times. While a reply is about to fall due the event loop spins, because a timer's
 * resolution of 1 ms is far above the steps of 10 µs that calibration injects; new requests are still read meanwhile.
 */
export class ReplySchedule {
  readonly #originMs = performance.now()
  #waiting: Waiting[] = []
  #immediate: NodeJS.Immediate | undefined
  #timer: NodeJS.Timeout | undefined

  /** Calls `reply` when it falls due, after all earlier replies of the same connection. */
  add(connection: ConnectionTimes, faults: ServeFaults | undefined, reply: () => void): void {
    const { delayUs = 0, firstRequestDelayUs = 0, stall } = faults ?? {}
    const delayMs = (delayUs + (connection.first ? firstRequestDelayUs : 0)) / 1000
    const dueMs = Math.max(connection.lastDueMs, this.#afterStall(performance.now() + delayMs, stall))
    connection.first = false
    connection.lastDueMs = dueMs
    this.#waiting.push({ dueMs, reply })
    this.#wake()
  }

  /** Drops what waits. */
  clear(): void {
    this.#waiting = []
    clearTimeout(this.#timer)
    if (this.#immediate) clearImmediate(this.#immediate)
    this.#timer = this.#immediate = undefined
  }

  #afterStall(dueMs: number, stall: ServeFaults['stall']): number {
    if (!stall) return dueMs
    const phaseMs = (dueMs - this.#originMs) % stall.everyMs
    return phaseMs < stall.forMs ? dueMs + stall.forMs - phaseMs : dueMs
  }

  #wake(): void {
    if (this.#immediate || this.#waiting.length === 0) return
    const nextMs = Math.min(...this.#waiting.map(({ dueMs }) => dueMs)) - performance.now()
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (nextMs > spinMs) this.#timer = setTimeout(() => this.#wake(), Math.floor(nextMs - spinMs) + 1)
    else this.#immediate = setImmediate(() => this.#spin())
  }

  #spin(): void {
    this.#immediate = undefined
    const nowMs = performance.now()
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= nowMs)
    if (due.length > 0) {
      this.#waiting = this.#waiting.filter(({ dueMs }) => dueMs > nowMs)
      for (const { reply } of due) reply()
    }
    this.#wake()
  }
}
