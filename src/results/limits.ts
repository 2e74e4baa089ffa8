/**
 * What a file of results may hold, each far above what a scenario can ask for and each with the name that a message
 * calls it by. Files come from strangers: without limits half a megabyte can take gigabytes or minutes.
 */
export const limits = {
  /** Scenarios have at most 64, and a control. */
  'paths per run': 128,
  /** 16 loads, each with at most 16 numbers of connections. */
  'loads per run': 256,
  /** The longest way has six. */
  'components per path': 64,
  /** Five kinds on 16 nodes of 16 clusters. */
  'components per run': 2048,
  'samples per round': 32_768,
  'generators per round': 65_536,
  'turns per round': 4096,
  /** What a load profile measures beside the latency. */
  'histograms per sample': 32,
  'names per list': 1024,
  'characters per text': 65_536,
  /** Summed over all paths and loads of a file: each holds a count. */
  'buckets per file': 6_000_000,
  /** CPU times of all rounds and turns together. */
  'CPU times per file': 20_000_000,
  /** Notes, proofs, builds and failed attempts to reach a path. */
  'events beside rounds': 200_000,
  'megabytes of a result': 256,
  'megabytes of a journal line': 32,
} as const

export type LimitName = keyof typeof limits

/** e.g. `more than 128 paths per run, the most that hopmeter reads`. */
export function tooMany(name: LimitName): string {
  return `more than ${limits[name]} ${name}, the most that hopmeter reads`
}
