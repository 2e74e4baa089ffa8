import type { LoadTraits } from '../load/profile.ts'
import type { RoundEvent } from '../results/schema.ts'

/**
 * Limits beyond which a round is suspect. It is flagged and kept, never dropped.
 * Chosen by watching a known server on an idle and on a disturbed host: see docs/measurement.md.
 */
export const validityLimits = {
  eventLoopUtilization: 0.5,
  runDelayNsPerRequest: 10_000,
  cpuPressure: 0.1,
  steal: 0.01,
  /** Of all CPU time; the echo servers, which are counted as others, take up to half of it. */
  otherBusy: 0.2,
} as const

/** More than this share of flagged rounds makes a run void. */
export const voidShare = 0.2

/**
 * Why a round is suspect, as short stable words; empty when it is valid.
 * @param loads by their ids
 * @param deviating paths that are known to take another way than the rule says: that they still do is no surprise
 */
export function roundFlags(
  round: Omit<RoundEvent, 'type' | 'flags'>,
  loads: ReadonlyMap<string, LoadTraits>,
  deviating: ReadonlySet<string> = new Set(),
): string[] {
  const { paths, generators, host, evidence } = round
  // A machine that wakes idle CPUs slowly shows delay and pressure of our own making. They are a disturbance when
  // somebody else uses the CPUs, or when nobody can tell who does.
  const isShared = host.otherBusy === undefined || host.otherBusy > validityLimits.otherBusy
  const some = <T>(items: readonly T[], test: (item: T) => boolean) => items.some(test)
  const conditions: readonly (readonly [string, boolean])[] = [
    ['bad-responses', some(paths, (p) => p.bad > 0)],
    ['errors', some(paths, (p) => p.errors > 0)],
    ['lost-requests', some(paths, (p) => p.lost > 0)],
    ['reconnects', some(paths, (p) => p.reconnects > 0)],
    ['no-samples', some(paths, (p) => p.n === 0 && loads.get(p.load)?.connectsEachTime !== true)],
    [
      'served-differs',
      some(evidence, (e) => e.served !== undefined && e.served !== responsesOf(paths, e.path)),
    ],
    ['path-not-proven', some(evidence, (e) => e.verdict !== (deviating.has(e.path) ? 'mismatch' : 'proven'))],
    ['generator-busy', some(generators, (g) => isSaturated(g) && loads.get(g.load)?.mayBeBusy !== true)],
    ['other-load', (host.otherBusy ?? 0) > validityLimits.otherBusy],
    [
      'run-delay',
      isShared &&
        some(generators, (g) => (g.runDelayNsPerRequest ?? 0) > validityLimits.runDelayNsPerRequest),
    ],
    ['cpu-pressure', isShared && (host.cpuPressure ?? 0) > validityLimits.cpuPressure],
    ['steal', host.steal > validityLimits.steal],
    ['throttled', (round.throttled ?? []).length > 0],
  ]
  return conditions.filter(([, holds]) => holds).map(([flag]) => flag)
}

function isSaturated({ eventLoopUtilization }: RoundEvent['generators'][number]): boolean {
  return eventLoopUtilization > validityLimits.eventLoopUtilization
}

/** Responses recorded must equal responses served, or the client measured something else than it thinks. */
function responsesOf(paths: RoundEvent['paths'], name: string): number {
  return paths.filter((p) => p.path === name).reduce((sum, p) => sum + p.received + p.bad, 0)
}
