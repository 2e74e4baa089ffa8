import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'

/** Longer values are recorded as this one; time-outs are shorter. */
const highestNs = 120e9

/**
 * Latencies in nanoseconds with 3 significant digits (HDR). All memory is taken at construction, so that recording
 * never allocates however long a run is.
 */
export class LatencyHistogram {
  readonly #histogram: Histogram = build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: highestNs,
    numberOfSignificantValueDigits: 3,
    // The WebAssembly build records a little faster, but must be initialised and freed by hand.
    useWebAssembly: false,
  })

  record(ns: number): void {
    this.#histogram.recordValue(ns < highestNs ? ns : highestNs)
  }

  /** Adds the counts of another. */
  add(other: LatencyHistogram): void {
    this.#histogram.add(other.#histogram)
  }

  get count(): number {
    return this.#histogram.totalCount
  }

  /** HDR V2 compressed base64. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram)
  }

  reset(): void {
    this.#histogram.reset()
  }
}
