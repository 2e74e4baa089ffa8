import { CommandError, HopmeterError } from '../../../errors.ts'
import { until, type Clock, systemClock } from '../../../process/until.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { LeaseObject } from '../../kubernetes/cluster/objects.ts'
import type { QuietClusters, QuietParts } from '../../kubernetes/quiet.ts'
import type { Session } from '../../kubernetes/session/session.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import { guardLimitS } from './guard-script.ts'
import { NodeGuard } from './node-guard.ts'

/**
 * A node is declared dead when its lease is 40 s old, and a kubelet that was about to renew it when it was stopped has
 * let 10 s pass already; so this, and a guard that thaws by itself a little later, keeps every node alive.
 */
export const longestFreezeMs = 25_000
/** From the end of a turn to the thaw. */
const afterTurnMs = 1000
/** Kubelets renew leases every 10 s, and at once when that time has passed. */
const renewedWithinMs = 40_000
const pollMs = 250

/**
 * Control planes, istiods and node daemons of a testbed's clusters: stopped while turns of load run, continued between
 * them, in freezes so short that nothing is declared dead.
 */
export class FrozenClusters implements QuietClusters {
  readonly #parts: QuietParts
  /** Of every node, from the first freeze on: who only proves paths freezes nothing. */
  #guards: readonly NodeGuard[] = []
  readonly #context: StepContext
  readonly #clock: Clock
  /** When what is frozen now has to be thawed. */
  #untilMs: number | undefined
  /** By the clock of each cluster's nodes; a lease that is newer was renewed since. */
  #thawedS = new Map<string, number>()
  #isTold = false

  constructor(parts: QuietParts, context: StepContext, clock: Clock = systemClock) {
    this.#parts = parts
    this.#context = context
    this.#clock = clock
  }

  /** @throws HopmeterError when a guard is gone or a node does not come back between two freezes. */
  async hold(forMs: number, signal: AbortSignal): Promise<void> {
    const neededMs = forMs + afterTurnMs
    if (neededMs > longestFreezeMs) {
      // What a shorter turn before it froze has to go on, as the note says.
      await this.release()
      return this.#tellTooLong(forMs)
    }
    if (this.#untilMs !== undefined && this.#clock.nowMs() + neededMs <= this.#untilMs) return
    await this.release()
    await this.settle(signal)
    if (this.#guards.length === 0) this.#guards = await guardsOf(this.#parts, signal)
    signal.throwIfAborted()
    // Said before it is done: whoever comes after a crash has to know.
    sayFrozen(this.#parts.session, true)
    this.#untilMs = this.#clock.nowMs() + longestFreezeMs
    await Promise.all(this.#guards.map((guard) => guard.freeze()))
  }

  async release(): Promise<void> {
    if (this.#untilMs === undefined) return
    this.#untilMs = undefined
    const thawed = await Promise.all(
      this.#guards.map(async (guard) => ({ node: guard.node, ...(await guard.thaw()) })),
    )
    sayFrozen(this.#parts.session, false)
    this.#thawedS = new Map(thawed.map(({ node, atS }) => [node, atS]))
    if (!thawed.some(({ expired }) => expired)) return
    const { progress, note = progress } = this.#context
    note(
      `control planes ran again before a round had ended: hopmeter was held up for longer than ${guardLimitS} s`,
    )
  }

  async close(): Promise<void> {
    this.#untilMs = undefined
    const ended = await Promise.all(this.#guards.map((guard) => guard.thawAndEnd()))
    // What could not be said to be thawed is left to the next `up`, `down` or `doctor`.
    if (ended.every(Boolean)) sayFrozen(this.#parts.session, false)
  }

  /** A node whose lease was not renewed since the last freeze would be declared dead in the next. */
  async settle(signal: AbortSignal): Promise<void> {
    if (this.#thawedS.size === 0) return
    const { clusters, tools } = this.#parts
    await Promise.all(
      clusters.map(async (cluster) => {
        const isRenewed = await until(() => this.#isRenewed(cluster, signal), {
          ...{ everyMs: pollMs, deadlineMs: tools.deadlineMs(renewedWithinMs), signal, clock: this.#clock },
        })
        if (isRenewed !== true) {
          throw new HopmeterError(
            `nodes of ${cluster.name} did not come back within ${renewedWithinMs / 1000} s after they were frozen`,
            { hint: '--quiet-control-plane off measures with control planes running' },
          )
        }
      }),
    )
  }

  async #isRenewed(cluster: Cluster, signal: AbortSignal): Promise<true | undefined> {
    const inLeases = { namespace: 'kube-node-lease' }
    // An API server that has just been woken may refuse once.
    const leases = await cluster.list<LeaseObject>('leases', inLeases, { signal }).catch((error: unknown) => {
      if (error instanceof CommandError && !signal.aborted) return []
      throw error
    })
    const renewedMs = new Map(
      leases.map(({ metadata, spec }) => [metadata.name, Date.parse(spec?.renewTime ?? '')]),
    )
    const isNew = (node: string) => (renewedMs.get(node) ?? 0) >= (this.#thawedS.get(node) ?? 0) * 1000
    return (cluster.nodes?.names ?? []).every(isNew) ? true : undefined
  }

  #tellTooLong(forMs: number): void {
    if (this.#isTold) return
    this.#isTold = true
    const { progress, note = progress } = this.#context
    note(
      `control planes run: they can stand still for ${longestFreezeMs / 1000} s, a turn of load takes ${forMs / 1000} s`,
    )
  }
}

/** @throws HopmeterError when a node cannot be guarded; none is then. */
async function guardsOf({ tools, clusters }: QuietParts, signal: AbortSignal): Promise<readonly NodeGuard[]> {
  const nodes = clusters.flatMap((cluster) => cluster.nodes?.names ?? [])
  const started = await Promise.allSettled(nodes.map((node) => NodeGuard.start(tools, node, signal)))
  const guards = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failure = started.find((result) => result.status === 'rejected')
  if (!failure) return guards
  await Promise.all(guards.map((guard) => guard.end()))
  signal.throwIfAborted()
  const { reason: cause } = failure as { readonly reason: unknown }
  throw new HopmeterError(cause instanceof Error ? cause.message : String(cause), {
    cause,
    hint: '--quiet-control-plane off measures with control planes running',
  })
}

function sayFrozen(session: Session, frozen: boolean): void {
  if ((session.state.frozen ?? false) !== frozen) session.update((state) => ({ ...state, frozen }))
}
