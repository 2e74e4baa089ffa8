import type { PathSample } from '../agent/protocol.ts'
import { mergeHistograms } from '../results/histogram.ts'
import { sampleKey } from './round.ts'

/** First requests of connections before the first round (proof and warm-up), which that round then keeps. */
export class FirstRequests {
  readonly #histograms = new Map<string, string[]>()

  add(load: string, samples: readonly PathSample[]): void {
    for (const { path, cold } of samples) {
      const key = sampleKey(path, load)
      this.#histograms.set(key, [...(this.#histograms.get(key) ?? []), cold])
    }
  }

  /** Merged, by `path/load`; empty afterwards. */
  take(): ReadonlyMap<string, string> {
    const merged = new Map([...this.#histograms].map(([key, list]) => [key, mergeHistograms(list)]))
    this.#histograms.clear()
    return merged
  }
}
