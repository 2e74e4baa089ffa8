import { histogramQuantiles } from '../results/histogram.ts'
import type { Build } from './build.ts'
import type { FirstRequests } from './first-requests.ts'
import type { MeasureOptions } from './options.ts'
import { sampleKey } from './round.ts'
import type { Turn } from './schedule.ts'
import { settleWindow, unsettledSeries, type Series, type SlotMedians } from './settle.ts'

/** The longest warm-up, as a multiple of the one asked for: a host that never settles must not keep a run from starting. */
const longestWarmup = 4
/** Long enough for medians of dozens of requests, short enough to end soon after a path has settled. */
const longestSlotMs = 250

/** What a warm-up came to. */
export interface WarmUpOutcome {
  readonly warmupMs: number
  /** `path/load` whose level was still moving at the end, or that gave no level. */
  readonly unsettled: string[]
}

/**
 * Sends load until the level of every path has settled, by one rule for all: programs that have just started get
 * faster for thousands of requests, and that is no part of any path's cost. Half of the time that was asked for all
 * connections send at once, which brings those requests sooner; then as in a round, which is what is judged.
 * What gives no level is not waited for: a path that is silent all through is named at the end, and one that has less
 * than a request per slot has nothing to get faster by.
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
  const turnMsOf = (turn: Turn) => Math.max(1, Math.round((slotMs * turn.durationMs) / durationMs))
  const all = turns.flatMap((turn) => seriesOf(turn, turnMsOf(turn)))
  const judged = all.filter(({ isRare }) => !isRare)
  const traffic = new Traffic()
  const slots: SlotMedians[] = []
  const send = async (flood: boolean, n: number) => {
    signal.throwIfAborted()
    const medians = new Map<string, number>()
    for (const turn of turns) {
      const { samples } = await build.turn({ ...turn, durationMs: turnMsOf(turn) }, seed + n, flood)
      colds.add(turn.load.id, samples)
      for (const { path, warm, sent, received } of samples) {
        const name = sampleKey(path, turn.load.id)
        traffic.add(name, sent, received)
        const p50 = histogramQuantiles(warm).quantilesNs?.p50
        if (p50 !== undefined) medians.set(name, p50)
      }
    }
    return medians
  }
  progress('warming up')
  for (let n = 0; elapsedMs() < warmupMs / 2; n++) await send(true, n)
  let moving: readonly string[] = []
  while (
    slots.length < settleWindow ||
    elapsedMs() < warmupMs ||
    (moving.length > 0 && elapsedMs() < longestWarmup * warmupMs)
  ) {
    if (elapsedMs() >= warmupMs) progress('warming up until every path has settled')
    slots.push(await send(false, slots.length))
    const heard = judged.filter(({ name }) => slots.some((slot) => slot.has(name)))
    moving = unsettledSeries(slots, heard)
  }
  const unsettled = unsettledSeries(slots, judged)
  const unanswered = all.filter(({ name, isRare }) => isRare && traffic.isUnanswered(name))
  return { warmupMs: elapsedMs(), unsettled: [...unsettled, ...unanswered.map(({ name }) => name)] }
}

interface WarmSeries extends Series {
  /** Less than one request per slot: its level says nothing of warmth. */
  readonly isRare: boolean
}

/** Loads of a constant rate send at random times, and some slots stay empty; all others send as fast as they can. */
function seriesOf({ paths, load: { id, load } }: Turn, turnMs: number): readonly WarmSeries[] {
  const rate = 'ratePerSecond' in load ? load.ratePerSecond : Infinity
  const perSlot = (rate * turnMs) / 1000 / paths.length
  return paths.map((path) => ({
    name: sampleKey(path, id),
    hasPauses: Number.isFinite(rate),
    isRare: perSlot < 1,
  }))
}

/** Requests and answers of a warm-up. */
class Traffic {
  readonly #sent = new Map<string, number>()
  readonly #received = new Map<string, number>()

  add(name: string, sent: number, received: number): void {
    this.#sent.set(name, (this.#sent.get(name) ?? 0) + sent)
    this.#received.set(name, (this.#received.get(name) ?? 0) + received)
  }

  /** Asked, and never answered. */
  isUnanswered(name: string): boolean {
    return (this.#sent.get(name) ?? 0) > 0 && (this.#received.get(name) ?? 0) === 0
  }
}
