import { availableParallelism } from 'node:os'
import type { PathSample } from '../agent/protocol.ts'
import { histogramQuantiles, mergeHistograms } from '../results/histogram.ts'
import type { PathRound, QuantilesNs, RoundEvent } from '../results/schema.ts'
import type { GroupTurn } from './agent-group.ts'
import type { PlannedPath } from '../plan/plan-scenario.ts'
import type { Build } from './build.ts'
import { startHostHealth } from './host-health.ts'
import { judgeWindow } from './observe.ts'
import type { ScheduledRound } from './schedule.ts'
import { profileOf } from '../load/profiles.ts'
import { roundFlags } from './validity.ts'

/** Cold histograms of requests sent before the first round (proof and warm-up), by `path/load`. */
export type EarlyColds = ReadonlyMap<string, string>

const never = new AbortController().signal

export function sampleKey(path: string, load: string): string {
  return `${path}/${load}`
}

interface RoundOptions {
  readonly isLast?: boolean
  readonly signal?: AbortSignal
  /** Paths whose start has shown that they take another way, which is what is to be measured. */
  readonly deviating?: ReadonlySet<string>
}

/** Runs one round: every turn in its order, evidence before and after, validity judged. */
export async function measureRound(
  build: Build,
  place: { readonly build: number; readonly restart: number; readonly variant?: string },
  scheduled: ScheduledRound,
  paths: readonly PlannedPath[],
  earlyColds: EarlyColds,
  { isLast = false, signal = never, deviating }: RoundOptions = {},
): Promise<RoundEvent> {
  const { testbed, cpu } = build
  const before = await testbed.evidence()
  const [first] = scheduled.turns
  if (first) await testbed.quiet?.hold(first.durationMs, signal)
  await cpu.begin()
  const health = startHostHealth()
  const at = new Date().toISOString()
  const startedMs = performance.now()
  const pathRounds: PathRound[] = []
  const generators: RoundEvent['generators'] = []
  const turns: NonNullable<RoundEvent['turns']> = []
  const results: GroupTurn[] = []
  for (const turn of scheduled.turns) {
    const result = await build.turn(turn, turn.seed)
    health.pause()
    const componentCpu = await cpu.lap()
    const next = scheduled.turns[scheduled.turns.indexOf(turn) + 1]
    if (next) {
      await testbed.quiet?.hold(next.durationMs, signal)
      health.resume()
    }
    const { client } = turn
    const loadId = turn.load.id
    if (componentCpu) {
      const generatorCpuMs = result.pods.reduce((sum, pod) => sum + pod.health.cpuMs, 0)
      turns.push({ client, load: loadId, paths: [...turn.paths], generatorCpuMs, componentCpu })
    }
    results.push(result)
    pathRounds.push(
      ...result.samples.map((s) => pathRound(s, loadId, earlyColds.get(sampleKey(s.path, loadId)))),
    )
    generators.push(...generatorsOf(result, client, loadId))
  }
  const { host, watchedMs } = health.stop()
  const used = await cpu.end(isLast)
  const after = await testbed.evidence()
  const durationMs = performance.now() - startedMs
  const otherBusy = cpu.coversTestbed
    ? otherBusyShare(host.busy, watchedMs, used.componentCpu, generators)
    : undefined
  const round = {
    ...place,
    round: scheduled.round,
    at,
    durationMs,
    paths: pathRounds,
    evidence: [...judgeWindow(testbed, paths, before, after, results)],
    generators,
    host: otherBusy === undefined ? host : { ...host, otherBusy },
    ...used,
    ...(turns.length === 0 ? {} : { turns }),
  }
  const loads = new Map(scheduled.turns.map(({ load: { id, load } }) => [id, profileOf(load.profile)]))
  return { type: 'round', ...round, flags: roundFlags(round, loads, deviating) }
}

/** Each pod's own state: a round is as good as the worst of its generators, which a sum or a mean would hide. */
function generatorsOf({ pods }: GroupTurn, client: string, load: string): RoundEvent['generators'] {
  return pods.map(({ samples, health }, instance) => {
    const { runDelayNs, ...generator } = health
    const requests = samples.reduce((sum, sample) => sum + sample.sent, 0)
    const runDelayNsPerRequest = runDelayNs === null || requests === 0 ? null : runDelayNs / requests
    const which = pods.length === 1 ? {} : { instance }
    return { client, ...which, load, ...generator, runDelayNsPerRequest }
  })
}

/** Undefined where no CPU time was read: then nobody can say whose the load is. */
function otherBusyShare(
  busy: number,
  durationMs: number,
  components: readonly { readonly cpuMs: number }[],
  generators: readonly { readonly cpuMs: number }[],
): number | undefined {
  if (components.length === 0 || durationMs === 0) return undefined
  const ours = [...components, ...generators].reduce((sum, { cpuMs }) => sum + cpuMs, 0)
  return Math.max(0, busy - ours / (durationMs * availableParallelism()))
}

function pathRound(sample: PathSample, load: string, earlyCold: string | undefined): PathRound {
  const {
    bytesSent: _sent,
    bytesReceived: _received,
    answeredBy: _answers,
    firstError,
    counters,
    halves,
    ...rest
  } = sample
  const quantiles = histogramQuantiles(sample.warm)
  const cold = earlyCold === undefined ? sample.cold : mergeHistograms([earlyCold, sample.cold])
  const { quantilesNs: coldQuantilesNs } = histogramQuantiles(cold)
  return {
    ...rest,
    load,
    n: quantiles.count,
    quantilesNs: quantiles.quantilesNs,
    ...(halves === undefined ? {} : { halvesNs: [quantilesOf(halves[0]), quantilesOf(halves[1])] }),
    cold,
    ...(coldQuantilesNs === null ? {} : { coldQuantilesNs }),
    extra: { ...sample.extra },
    extraQuantilesNs: extraQuantiles(sample.extra),
    ...(counters === undefined ? {} : { counters: { ...counters } }),
    ...(firstError === undefined ? {} : { firstError }),
  }
}

function quantilesOf(encoded: string): QuantilesNs | null {
  return histogramQuantiles(encoded).quantilesNs
}

function extraQuantiles(extra: PathSample['extra']): Record<string, QuantilesNs> {
  const entries = Object.entries(extra).flatMap(([name, encoded]) => {
    const { quantilesNs } = histogramQuantiles(encoded)
    return quantilesNs === null ? [] : [[name, quantilesNs] as const]
  })
  return Object.fromEntries(entries)
}
