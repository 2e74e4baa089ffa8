import { PathRecorder } from '../path-recorder.ts'
import type { PathSample, Target } from '../protocol.ts'
import { seededRandom, shuffle } from '../../random.ts'
import { AnswerCheck } from './answer-check.ts'
import { ClosedLoopSlot, type ClosedLoad } from './closed-slot.ts'
import { leastGraceMs, type Driver, type DriverSettings, type Turn } from './driver.ts'
import { resolveTargets } from './resolve-targets.ts'

interface ClosedPath {
  readonly target: Target
  readonly recorder: PathRecorder
  readonly check: AnswerCheck
  order: number
}

/**
 * Concurrency: autocannon keeps `connections` connections busy, each with one request in flight. Each path has its own
 * slot with new connections, one after the other in shuffled order: closed loops that run together fall into step and
 * hide the difference between paths.
 * Warm and cold histograms: from right before the write to the complete response, by our own clock. autocannon counts
 * whole milliseconds, and its event times go wrong once a server closes a connection. Counter `gaveUp`: connections
 * that were lost five times without an answer.
 */
export class ClosedLoopDriver implements Driver {
  readonly #settings: DriverSettings<ClosedLoad>
  #paths: ClosedPath[] = []
  #slot: ClosedLoopSlot | undefined
  #closed = false

  constructor(settings: DriverSettings<ClosedLoad>) {
    this.#settings = settings
  }

  async open(): Promise<void> {
    const { load, check, halves } = this.#settings
    if (this.#settings.targets.some(({ dialer }) => dialer !== undefined))
      throw new Error('the closed profile opens its connections itself: no dialer can do that')
    const targets = await resolveTargets(this.#settings)
    this.#paths = targets.map((target) => {
      const recorder = new PathRecorder(target.path, halves)
      return { target, recorder, check: new AnswerCheck(check, load.responseBytes, recorder), order: 0 }
    })
  }

  async turn({ seed, durationMs }: Turn): Promise<void> {
    const order = [...this.#paths]
    shuffle(order, seededRandom(seed))
    let graceMs = this.#settings.timeoutMs
    for (const [place, path] of order.entries()) {
      path.order = place
      if (this.#closed) return
      this.#slot = new ClosedLoopSlot({
        ...path,
        load: this.#settings.load,
        timeoutMs: this.#settings.timeoutMs,
        durationMs: durationMs / order.length,
        graceMs: Math.max(leastGraceMs, graceMs),
      })
      graceMs -= await this.#slot.run()
    }
  }

  takeSamples(): readonly PathSample[] {
    return this.#paths.map(({ recorder, order }) => recorder.take(order))
  }

  close(): Promise<void> {
    this.#closed = true
    this.#slot?.stop()
    return Promise.resolve()
  }
}
