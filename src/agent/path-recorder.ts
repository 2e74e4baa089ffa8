import { LatencyHistogram } from './latency-histogram.ts'
import type { AnswerCount, PathSample } from './protocol.ts'
import { seededRandom } from '../random.ts'

/** Who answered; counted in place, so that the hot path needs no look-up when the same server answers again. */
export interface Answerer {
  readonly cluster: string
  readonly pod: string
  count: number
}

/** More servers than any path has; a hostile endpoint must not grow our memory. */
const maxAnswerers = 1000

/**
 * Collects what one path did between two samples. Memory is taken once and used again. Every request ends in one way:
 * `sent = received + bad + errors + lost`, and what is not counted as one of the first three is lost.
 */
export class PathRecorder {
  sent = 0
  received = 0
  bad = 0
  errors = 0
  reconnects = 0
  bytesSent = 0
  bytesReceived = 0
  /** Warm requests; told apart in halves, their sum is made when a sample is taken. */
  readonly #warm = new LatencyHistogram()
  readonly cold = new LatencyHistogram()
  readonly path: string
  readonly #halves: readonly [LatencyHistogram, LatencyHistogram] | undefined
  /** Which half a request belongs to must follow from nothing that happens to it. */
  readonly #random = seededRandom(1)
  readonly #extra: ReadonlyMap<string, LatencyHistogram>
  readonly #answerers = new Map<string, Answerer>()
  #counters: Record<string, number> | undefined
  #firstError: string | undefined

  constructor(path: string, halves: boolean, extra: Readonly<Record<string, LatencyHistogram>> = {}) {
    this.path = path
    this.#halves = halves ? [new LatencyHistogram(), new LatencyHistogram()] : undefined
    this.#extra = new Map(Object.entries(extra))
  }

  /** Whether nothing was sent, nor given up, since the last sample. */
  get isSilent(): boolean {
    return this.sent === 0 && this.errors === 0
  }

  /** The counter of this server; keep it and increment `count`. */
  answerer(cluster: string, pod: string): Answerer {
    const key = `${cluster}\n${pod}`
    const known = this.#answerers.get(key)
    if (known) return known
    const fresh = { cluster, pod, count: 0 }
    if (this.#answerers.size < maxAnswerers) this.#answerers.set(key, fresh)
    return fresh
  }

  /** Records a request on a connection that has answered before. */
  recordWarm(ns: number): void {
    const histogram = this.#halves?.[this.#random() < 0.5 ? 0 : 1] ?? this.#warm
    histogram.record(ns)
  }

  /** Counts a request that was written and got no answer in time. */
  failed(message: string): void {
    this.errors++
    this.note(message)
  }

  /** Counts a request that could not be written, because no connection came to be. */
  unsent(message: string): void {
    this.sent++
    this.failed(message)
  }

  /** Keeps the first thing that went wrong, for the reader of the result. */
  note(message: string): void {
    this.#firstError ??= message
  }

  addTo(counter: string, by: number): void {
    this.#counters ??= {}
    this.#counters[counter] = (this.#counters[counter] ?? 0) + by
  }

  counter(name: string): number {
    return this.#counters?.[name] ?? 0
  }

  /** What happened since the last call; starts anew. No request may be in flight. */
  take(order: number): PathSample {
    const extra = Object.fromEntries([...this.#extra].map(([name, histogram]) => [name, histogram.encode()]))
    for (const half of this.#halves ?? []) this.#warm.add(half)
    const sample: PathSample = {
      path: this.path,
      order,
      sent: this.sent,
      received: this.received,
      bad: this.bad,
      errors: this.errors,
      lost: this.sent - this.received - this.bad - this.errors,
      reconnects: this.reconnects,
      bytesSent: this.bytesSent,
      bytesReceived: this.bytesReceived,
      warm: this.#warm.encode(),
      ...(this.#halves === undefined ? {} : { halves: [this.#halves[0].encode(), this.#halves[1].encode()] }),
      cold: this.cold.encode(),
      extra,
      answeredBy: this.#answeredBy(),
      ...(this.#counters === undefined ? {} : { counters: this.#counters }),
      ...(this.#firstError === undefined ? {} : { firstError: this.#firstError }),
    }
    this.#reset()
    return sample
  }

  #answeredBy(): AnswerCount[] {
    return [...this.#answerers.values()].filter(({ count }) => count > 0).map((answerer) => ({ ...answerer }))
  }

  #reset(): void {
    this.sent = this.received = this.bad = this.errors = this.reconnects = 0
    this.bytesSent = this.bytesReceived = 0
    for (const histogram of [this.#warm, this.cold, ...(this.#halves ?? []), ...this.#extra.values()])
      histogram.reset()
    for (const answerer of this.#answerers.values()) answerer.count = 0
    this.#counters = undefined
    this.#firstError = undefined
  }
}
