import type { Backend } from '../backends/backend.ts'
import { planFor, type Plan } from '../plan/plan-scenario.ts'
import { underHostLock } from '../results/host-lock.ts'
import type { PathEvidence, UnreachableEvent } from '../results/schema.ts'
import type { Scenario } from '../scenario/types.ts'
import { Build } from './build.ts'
import { expandLoads } from '../load/profiles.ts'
import { turnsOf } from './schedule.ts'
import { tryUnreachable } from './unreachable.ts'

export interface VerifyResult {
  readonly evidence: readonly PathEvidence[]
  readonly unreachable: readonly UnreachableEvent[]
  /** Every path took its components, and every path that must not exist did not answer. */
  readonly ok: boolean
}

const proofOnly = [{ profile: 'pingpong', protocol: 'http1', requestBytes: 16, responseBytes: 16 }] as const

export interface VerifyOptions {
  readonly scenario: Scenario
  readonly backend: Backend
  readonly progress: (message: string) => void
  /** What must outlast the step that told it; `progress` unless given. */
  readonly note?: ((message: string) => void) | undefined
  readonly signal: AbortSignal
}

/**
 * Proves the paths of a scenario with a little load, without measuring. Leaves nothing behind.
 * @throws HopmeterError naming the holder when another hopmeter is at work on this host: its numbers would suffer.
 */
export async function verifyScenario(options: VerifyOptions): Promise<VerifyResult> {
  const { name } = options.scenario
  return await underHostLock({ runId: `verify-${name}`, scenario: name }, () => prove(options))
}

async function prove({ scenario, backend, progress, note, signal }: VerifyOptions): Promise<VerifyResult> {
  const plan = planFor(scenario, backend)
  const possible = plan.paths.filter((path) => path.rule.possible)
  const context = { signal, progress, note }
  const build = await Build.up(backend, plan, { paths: possible, halves: false }, context)
  let result: VerifyResult
  try {
    const unreachable: UnreachableEvent[] = []
    const evidence: PathEvidence[] = []
    // One version after the other, in the order in which they were named.
    const versions = backend.switchesVariants === true ? plan.variants : [undefined]
    for (const variant of versions) {
      if (variant !== undefined) await build.restart({ signal, progress, seed: 1, variant })
      const own = plan.paths.filter((path) => variant === undefined || path.variant === variant)
      evidence.push(...(await provePossible(build, own, progress)))
      for (const path of own.filter((p) => !p.rule.possible)) {
        signal.throwIfAborted()
        progress(`trying "${path.name}", which must not be reachable`)
        unreachable.push(await tryUnreachable(build.testbed, path, 1, signal))
      }
    }
    const ok = evidence.every((e) => e.verdict === 'proven') && unreachable.every((u) => u.confirmed)
    result = { evidence, unreachable, ok }
  } catch (error) {
    const broke = signal.aborted ? undefined : await build.testbed.whatBroke?.()
    progress(build.downWords)
    await build.downAfterFailure(note ?? progress)
    throw signal.aborted ? signal.reason : (broke ?? error)
  }
  progress(build.downWords)
  await build.down()
  return result
}

async function provePossible(
  build: Build,
  paths: Plan['paths'],
  progress: (message: string) => void,
): Promise<readonly PathEvidence[]> {
  const possible = paths.filter((path) => path.rule.possible)
  if (possible.length === 0) return []
  const loads = expandLoads(proofOnly)
  progress('connecting clients')
  await build.connect(loads, possible)
  progress('proving paths')
  return (await build.prove(turnsOf(possible, loads, 1000))).evidence
}
