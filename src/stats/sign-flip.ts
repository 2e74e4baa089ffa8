import { seededRandom } from '../random.ts'

/** Up to so many observations every pattern of signs is tried (2^12 of them, as a pattern and its mirror are alike). */
const exhaustiveUpTo = 13
const draws = 9999

/**
 * p-values of several comparisons that were made on the same observations, judged together: the step-down max-T
 * procedure of P. H. Westfall and S. S. Young (Resampling-Based Multiple Testing, 1993, algorithm 2.8) with sign flips.
 *
 * Without a difference a contrast is as likely positive as negative, for all comparisons of an observation at once. So
 * flipping the signs of whole observations gives the exact joint distribution of what chance does, whatever depends on
 * what, and the chance of any false verdict in the family stays at alpha. The statistic of a comparison is
 * |sum| / sqrt(sum of squares), which orders sign patterns as Student's t does. A large clear difference has its own
 * extreme only in the observed pattern and its mirror, so six observations (2 / 2^6 = 0.031) can decide every step of a
 * ladder, where Holm would multiply 0.031 by the number of steps.
 * @param contrasts per comparison one value per observation, observations in the same order
 * @returns adjusted p-values in the order given
 * @throws RangeError when the comparisons do not have the same number of observations
 */
export function jointSignFlip(contrasts: readonly (readonly number[])[], seed = 1): number[] {
  const n = contrasts[0]?.length ?? 0
  if (contrasts.some((own) => own.length !== n)) throw new RangeError('a family is of the same observations')
  const scaled = contrasts.map((own) => {
    const norm = Math.hypot(...own)
    return own.map((value) => (norm === 0 ? 0 : value / norm))
  })
  // Sums of the same numbers in another order differ in their last bits and must still count as equal.
  const observed = scaled.map((own) => Math.abs(own.reduce((sum, value) => sum + value, 0)) - 1e-9)
  const order = scaled.map((_, j) => j).toSorted((a, b) => observed[b]! - observed[a]!)
  const hits = order.map(() => 0)
  let patterns = 0
  for (const signs of signPatterns(n, seed)) {
    patterns++
    // From the smallest statistic up: each is held against the largest of itself and of those below it.
    let largest = 0
    for (let place = order.length - 1; place >= 0; place--) {
      const j = order[place]!
      let sum = 0
      for (let i = 0; i < n; i++) sum += signs[i]! * scaled[j]![i]!
      largest = Math.max(largest, Math.abs(sum))
      if (largest >= observed[j]!) hits[place]! += 1
    }
  }
  const adjusted = contrasts.map(() => 1)
  let soFar = 0
  for (const [place, j] of order.entries()) {
    soFar = Math.max(soFar, hits[place]! / patterns)
    adjusted[j] = Math.min(1, soFar)
  }
  return adjusted
}

/** All patterns up to their mirror, or random ones with the observed one among them, which keeps the test valid. */
function* signPatterns(n: number, seed: number): Generator<Int8Array> {
  const signs = new Int8Array(n).fill(1)
  if (n <= exhaustiveUpTo) {
    for (let bits = 0; bits < 2 ** Math.max(0, n - 1); bits++) {
      for (let i = 0; i < n - 1; i++) signs[i] = (bits >> i) & 1 ? -1 : 1
      yield signs
    }
    return
  }
  yield signs
  const random = seededRandom(seed)
  for (let draw = 0; draw < draws; draw++) {
    for (let i = 0; i < n; i++) signs[i] = random() < 0.5 ? -1 : 1
    yield signs
  }
}
