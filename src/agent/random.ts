/** A source of numbers in [0, 1), uniform and reproducible. */
export type Random = () => number

/**
 * mulberry32: a 32-bit generator with one word of state, good enough to shuffle paths and to draw intended times.
 * The same seed gives the same numbers on every machine.
 */
export function mulberry32(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Shuffles in place (Fisher-Yates): every order is equally likely. */
export function shuffle(items: unknown[], random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const moved = items[i]
    items[i] = items[j]
    items[j] = moved
  }
}

/** A draw from the exponential distribution with this mean: the gap between two arrivals of a Poisson process. */
export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random()) * mean
}
