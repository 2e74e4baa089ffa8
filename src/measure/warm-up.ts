import type { PathSample } from '../agent/protocol.ts'
import { histogramQuantiles } from '../results/histogram.ts'
import type { Build } from './build.ts'
import type { MeasureOptions } from './options.ts'
import { sampleKey } from './round.ts'
import type { Turn } from './schedule.ts'
import { hasSettled } from './settle.ts'

/** The longest warm-up, as a multiple of the one asked for: a host that never settles must not keep a run from starting. */
const longestWarmup = 4

/**
 * Sends load until the medians of every path stop moving: the proxies of a fresh testbed get faster for thousands of
 * requests, and that is no part of any path's cost.
 */
export async function warmUp(
  options: Pick<MeasureOptions, 'rounds' | 'signal'>,
  build: Build,
  turns: readonly Turn[],
  seed: number,
  progress: (message: string) => void,
  keepColds: (load: string, samples: readonly PathSample[]) => void,
): Promise<void> {
  const { warmupMs, durationMs } = options.rounds
  if (warmupMs === 0) return
  const slotMs = Math.min(warmupMs, durationMs)
  const fewest = Math.ceil(warmupMs / slotMs)
  const slots: ReadonlyMap<string, number>[] = []
  while (slots.length < fewest || (slots.length < fewest * longestWarmup && !hasSettled(slots))) {
    options.signal.throwIfAborted()
    progress(`warming up, slot ${slots.length + 1} of ${fewest} to ${fewest * longestWarmup}`)
    const medians = new Map<string, number>()
    for (const turn of turns) {
      const turnMs = Math.max(1, Math.round((slotMs * turn.durationMs) / durationMs))
      const { samples } = await build.turn({ ...turn, durationMs: turnMs }, seed + slots.length)
      keepColds(turn.load.id, samples)
      for (const { path, warm } of samples) {
        const p50 = histogramQuantiles(warm).quantilesNs?.p50
        if (p50 !== undefined) medians.set(sampleKey(path, turn.load.id), p50)
      }
    }
    slots.push(medians)
  }
}
