import type { ComponentCpu, Testbed } from '../backends/backend.ts'
import { until, type Clock } from '../process/until.ts'
import { componentKey } from '../topology/component.ts'
import type { RoundEvent } from '../results/schema.ts'

type Usage = RoundEvent['componentCpu']

/** Counters that move every ten seconds or so have moved by then, or never will. */
const freshWithinMs = 40_000
const pollMs = 2000

/** Reads CPU times of a testbed's components at the ends of turns and rounds, never within a turn. */
export class CpuMeter {
  readonly #testbed: Testbed
  #start: readonly ComponentCpu[] | undefined
  #last: readonly ComponentCpu[] = []

  readonly #signal: AbortSignal | undefined
  readonly #clock: Clock | undefined

  /** Waiting for counters ends when the signal aborts. */
  constructor(testbed: Testbed, signal?: AbortSignal, clock?: Clock) {
    this.#testbed = testbed
    this.#signal = signal
    this.#clock = clock
  }

  /** Whether other load of the host can be told from the testbed's own. */
  get coversTestbed(): boolean {
    return this.#testbed.cpuSource?.coversTestbed === true
  }

  /** Counters begin anew where programs do. */
  forget(): void {
    this.#start = undefined
    this.#last = []
  }

  /** Call right before the first turn of a round. Coarse counters are waited for once, before the first round. */
  async begin(): Promise<void> {
    const source = this.#testbed.cpuSource
    if (!source) return
    if (source.perTurn) this.#start = await this.#testbed.cpuUsage()
    else this.#start ??= await this.#fresh()
    this.#last = this.#start
  }

  /** What the components used since `begin` or the last `lap`; undefined where that cannot be known. */
  async lap(): Promise<Usage | undefined> {
    if (this.#testbed.cpuSource?.perTurn !== true) return undefined
    const now = await this.#testbed.cpuUsage()
    const used = usageBetween(this.#last, now)
    this.#last = now
    return used
  }

  /**
   * What the components used in the round, and which of them were throttled. Coarse counters: since the round before;
   * after the last round of a build they are waited for, so that nothing is missing from the sum.
   */
  async end(isLastRound: boolean): Promise<Pick<RoundEvent, 'componentCpu' | 'throttled'>> {
    const source = this.#testbed.cpuSource
    const start = this.#start
    if (!source || !start) return { componentCpu: [] }
    const now = source.perTurn
      ? this.#last
      : isLastRound
        ? await this.#fresh()
        : await this.#testbed.cpuUsage()
    if (!source.perTurn) this.#start = now
    const throttled = throttledBetween(start, now)
    return {
      componentCpu: usageBetween(start, now),
      ...(throttled.length === 0 ? {} : { throttled }),
    }
  }

  /** Waits until every counter has moved since the call, so that it holds all that was used up to the call. */
  async #fresh(): Promise<readonly ComponentCpu[]> {
    const first = await this.#testbed.cpuUsage()
    const isOld = (usage: ComponentCpu) =>
      first.some((old) => isSame(old, usage) && old.atMs !== undefined && old.atMs === usage.atMs)
    let now = first
    const moved = async () => {
      now = await this.#testbed.cpuUsage()
      return now.some(isOld) ? undefined : true
    }
    if (!first.some(isOld)) return first
    const [signal, clock] = [this.#signal, this.#clock]
    await until(moved, { everyMs: pollMs, deadlineMs: freshWithinMs, signal, clock })
    return now
  }
}

/** Pods of clients are left out: load generators know their own CPU time better. */
function usageBetween(before: readonly ComponentCpu[], after: readonly ComponentCpu[]): Usage {
  return after.flatMap((now) => {
    const old = before.find((usage) => isSame(usage, now))
    const cpuMs = now.cpuMs - (old?.cpuMs ?? Number.POSITIVE_INFINITY)
    // A counter that fell belongs to another process than before.
    if (now.component.kind === 'client-pod' || cpuMs < 0) return []
    return [{ component: now.component, cpuMs: Math.round(cpuMs * 1e3) / 1e3 }]
  })
}

function throttledBetween(
  before: readonly ComponentCpu[],
  after: readonly ComponentCpu[],
): NonNullable<RoundEvent['throttled']> {
  return after.flatMap((now) => {
    const old = before.find((usage) => isSame(usage, now))?.throttledMs
    if (now.throttledMs === undefined || old === undefined) return []
    const throttledMs = now.throttledMs - old
    return throttledMs > 0 ? [{ component: now.component, throttledMs }] : []
  })
}

function isSame(a: ComponentCpu, b: ComponentCpu): boolean {
  return componentKey(a.component) === componentKey(b.component)
}
