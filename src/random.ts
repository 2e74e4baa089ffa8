/** Uniform numbers in [0, 1). */
export type Random = () => number

/**
 * A small seeded generator, so that every resampled number can be produced again from its seed.
 * mulberry32 (Tommy Ettinger, public domain): 32 bits of state, passes gjrand; not for secrets.
 * @param seed any integer; its low 32 bits count
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
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

export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items]
  shuffle(result, random)
  return result
}

/** A draw from the exponential distribution with this mean: the gap between two arrivals of a Poisson process. */
export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random()) * mean
}
