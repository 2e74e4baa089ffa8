import { parentPort, Worker } from 'node:worker_threads'

/** A sleep ends this much early, for waking up takes as long; what is left is waited for by turning the event loop. */
const earlyMs = 0.25

/** A clock that all threads share. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/**
 * Rings at a time that is exact to some ten microseconds, which timers of Node are not (they count milliseconds).
 * A thread of its own sleeps, because the event loop cannot; turning the event loop all the time would take a CPU
 * away from what is being measured.
 */
export class Alarm {
  readonly #worker: Worker
  readonly #ring: () => void
  #dueMs = 0

  /** `program` is the bundle that calls `serveAlarms` when it finds itself in a worker. */
  constructor(program: URL, ring: () => void) {
    this.#ring = ring
    this.#worker = new Worker(program)
    this.#worker.on('message', () => this.#finish())
    // A relay that cannot sleep would drop every packet in silence.
    this.#worker.on('error', (error) => {
      throw error
    })
  }

  /** One alarm at a time. */
  set(dueMs: number): void {
    this.#dueMs = dueMs
    if (dueMs - nowMs() <= earlyMs) setImmediate(() => this.#finish())
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- windows have origins, threads have not
    else this.#worker.postMessage(dueMs - earlyMs)
  }

  #finish(): void {
    if (nowMs() >= this.#dueMs) this.#ring()
    else setImmediate(() => this.#finish())
  }
}

/** The sleeping thread. */
export function serveAlarms(): void {
  const nothing = new Int32Array(new SharedArrayBuffer(4))
  parentPort?.on('message', (untilMs: number) => {
    const waitMs = untilMs - nowMs()
    if (waitMs > 0) Atomics.wait(nothing, 0, 0, waitMs)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- windows have origins, threads have not
    parentPort?.postMessage(null)
  })
}
