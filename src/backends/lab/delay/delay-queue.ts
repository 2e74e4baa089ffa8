import { nowMs } from './alarm.ts'

/** Sent packets stay in the array until this many, because taking one off its front costs a copy. */
const compactAfter = 4096

export interface Held {
  readonly packet: Buffer
  readonly to: string
  readonly dueMs: number
}

/** Rings once, at the time set last. */
export interface Timer {
  set(dueMs: number): void
}

/** Packets with the same delay: they fall due in the order of their arrival. */
export class DelayQueue {
  readonly #send: (held: Held) => void
  readonly #timer: Timer
  #held: Held[] = []
  #next = 0

  constructor(makeTimer: (ring: () => void) => Timer, send: (held: Held) => void) {
    this.#send = send
    this.#timer = makeTimer(() => this.#flush())
  }

  push(held: Held): void {
    this.#held.push(held)
    if (this.#held.length - this.#next === 1) this.#timer.set(held.dueMs)
  }

  #flush(): void {
    const now = nowMs()
    let head = this.#held[this.#next]
    while (head && head.dueMs <= now) {
      this.#send(head)
      this.#next += 1
      head = this.#held[this.#next]
    }
    if (this.#next > compactAfter) {
      this.#held = this.#held.slice(this.#next)
      this.#next = 0
    }
    if (head) this.#timer.set(head.dueMs)
  }
}
