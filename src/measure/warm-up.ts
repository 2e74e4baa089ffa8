import { histogramQuantiles } from '../results/histogram.ts'
import type { Build } from './build.ts'
import type { FirstRequests } from './first-requests.ts'
import type { MeasureOptions } from './options.ts'
import { sampleKey } from './round.ts'
import type { Turn } from './schedule.ts'
import { settleWindow, unsettledSeries } from './settle.ts'

/** The longest warm-up, as a multiple of the one asked for: a host that never settles must not keep a run from starting. */
const longestWarmup = 4
/** Long enough for medians of dozens of requests, short enough to end soon after a path has settled. */
const longestSlotMs = 250

/** What a warm-up came to. */
export interface WarmUpOutcome {
  readonly warmupMs: number
  /** `path/load` whose level was still moving at the end. */
  readonly unsettled: string[]
}

/**
 * Sends load until the level of every path has settled, by one rule for all: programs that have just started get
 * faster for thousands of requests, and that is no part of any path's cost. Half of the time that was asked for all
 * connections send at once, which brings those requests sooner; then as in a round, which is what is judged.
 */
export async function warmUp(
  { rounds, signal }: Pick<MeasureOptions, 'rounds' | 'signal'>,
  build: Build,
  turns: readonly Turn[],
  seed: number,
  progress: (message: string) => void,
  colds: FirstRequests,
): Promise<WarmUpOutcome> {
  const { warmupMs, durationMs } = rounds
  if (warmupMs === 0) return { warmupMs: 0, unsettled: [] }
  const startedMs = performance.now()
  const elapsedMs = () => performance.now() - startedMs
  const slotMs = Math.min(longestSlotMs, warmupMs / 2 / settleWindow)
  const slots: ReadonlyMap<string, number>[] = []
  const send = async (flood: boolean, n: number) => {
    signal.throwIfAborted()
    const medians = new Map<string, number>()
    for (const turn of turns) {
      const turnMs = Math.max(1, Math.round((slotMs * turn.durationMs) / durationMs))
      const { samples } = await build.turn({ ...turn, durationMs: turnMs }, seed + n, flood)
      colds.add(turn.load.id, samples)
      for (const { path, warm } of samples) {
        const p50 = histogramQuantiles(warm).quantilesNs?.p50
        if (p50 !== undefined) medians.set(sampleKey(path, turn.load.id), p50)
      }
    }
    return medians
  }
  progress('warming up')
  for (let n = 0; elapsedMs() < warmupMs / 2; n++) await send(true, n)
  let unsettled = unsettledSeries(slots)
  while (
    slots.length < settleWindow ||
    elapsedMs() < warmupMs ||
    (unsettled.length > 0 && elapsedMs() < longestWarmup * warmupMs)
  ) {
    if (elapsedMs() >= warmupMs) progress('warming up until every path has settled')
    slots.push(await send(false, slots.length))
    unsettled = unsettledSeries(slots)
  }
  return { warmupMs: elapsedMs(), unsettled: [...unsettled] }
}
