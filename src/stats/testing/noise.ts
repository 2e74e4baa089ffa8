import type { Random } from '../../random.ts'

/** Slow noise of a busy host, as latency per slot sees it; ns. */
export interface HostNoise {
  /** Standard deviation and lag-1 correlation of the part that is always there. */
  readonly sdNs: number
  readonly correlation: number
  /** Chance per slot that a burst begins, its mean length in slots and its mean height. */
  readonly burstChance: number
  readonly burstSlots: number
  readonly burstNs: number
}

/**
 * Half-second slots on a shared two-core machine: p50 moved with a standard deviation of about 42 µs and a lag-1
 * correlation of 0.69 (17 minutes of ping-pong, 2 million requests).
 */
export const busyHost: HostNoise = {
  sdNs: 15_000,
  correlation: 0.69,
  burstChance: 0.03,
  burstSlots: 3,
  burstNs: 100_000,
}

/** First-order autoregressive noise with bursts, already in its steady state. */
export function hostSeries(random: Random, slots: number, noise: HostNoise): number[] {
  const fresh = Math.sqrt(1 - noise.correlation ** 2)
  let slow = gaussian(random)
  let burst = 0
  return Array.from({ length: slots }, () => {
    slow = noise.correlation * slow + fresh * gaussian(random)
    if (burst > 0 && random() < 1 / noise.burstSlots) burst = 0
    if (random() < noise.burstChance) burst = -noise.burstNs * Math.log(1 - random())
    return noise.sdNs * slow + burst
  })
}

/** Standard normal: Box and Muller, Annals of Mathematical Statistics 29 (1958). */
export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
