import type { PathSample } from '../agent/protocol.ts'
import { histogramQuantiles, mergeHistograms } from '../results/histogram.ts'
import type { PathRound, QuantilesNs, RoundEvent } from '../results/schema.ts'
import type { Build } from './build.ts'
import type { MeasuredPath } from './control.ts'
import { startHostHealth } from './host-health.ts'
import { judgeWindow } from './observe.ts'
import type { ScheduledRound } from './schedule.ts'
import { roundFlags } from './validity.ts'

/** Cold histograms of requests sent before the first round (proof and warm-up), by `path/load`. */
export type EarlyColds = ReadonlyMap<string, string>

export function sampleKey(path: string, load: string): string {
  return `${path}/${load}`
}

/** Runs one round: every turn in its order, evidence before and after, validity judged. */
export async function measureRound(
  build: Build,
  number: number,
  scheduled: ScheduledRound,
  paths: readonly MeasuredPath[],
  earlyColds: EarlyColds,
): Promise<RoundEvent> {
  const { testbed } = build
  const before = await testbed.evidence()
  const cpuBefore = await testbed.cpuUsage()
  const health = startHostHealth()
  const startedAt = new Date()
  const pathRounds: PathRound[] = []
  const generators: RoundEvent['generators'] = []
  const samples: PathSample[] = []
  for (const turn of scheduled.turns) {
    const result = await build.turn(turn, turn.seed)
    const loadId = turn.load.id
    samples.push(...result.samples)
    pathRounds.push(
      ...result.samples.map((s) => pathRound(s, loadId, earlyColds.get(sampleKey(s.path, loadId)))),
    )
    const requests = result.samples.reduce((sum, s) => sum + s.sent, 0)
    const { runDelayNs, ...generator } = result.health
    const runDelayNsPerRequest = runDelayNs === null || requests === 0 ? null : runDelayNs / requests
    generators.push({ client: turn.client, load: loadId, ...generator, runDelayNsPerRequest })
  }
  const host = health.stop()
  const after = await testbed.evidence()
  const cpuAfter = await testbed.cpuUsage()
  const round = {
    build: number,
    round: scheduled.round,
    at: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    paths: pathRounds,
    evidence: [...judgeWindow(testbed, paths, before, after, samples)],
    generators,
    host,
    componentCpu: cpuAfter.map(({ component, cpuMs }, i) => ({
      component,
      cpuMs: cpuMs - (cpuBefore[i]?.cpuMs ?? 0),
    })),
  }
  return { type: 'round', ...round, flags: roundFlags(round) }
}

function pathRound(sample: PathSample, load: string, earlyCold: string | undefined): PathRound {
  const {
    bytesSent: _sent,
    bytesReceived: _received,
    answeredBy: _answers,
    firstError,
    counters,
    ...rest
  } = sample
  const quantiles = histogramQuantiles(sample.warm)
  return {
    ...rest,
    load,
    n: quantiles.count,
    quantilesNs: quantiles.quantilesNs,
    cold: earlyCold === undefined ? sample.cold : mergeHistograms([earlyCold, sample.cold]),
    extra: { ...sample.extra },
    extraQuantilesNs: extraQuantiles(sample.extra),
    ...(counters === undefined ? {} : { counters: { ...counters } }),
    ...(firstError === undefined ? {} : { firstError }),
  }
}

function extraQuantiles(extra: PathSample['extra']): Record<string, QuantilesNs> {
  const entries = Object.entries(extra).flatMap(([name, encoded]) => {
    const { quantilesNs } = histogramQuantiles(encoded)
    return quantilesNs === null ? [] : [[name, quantilesNs] as const]
  })
  return Object.fromEntries(entries)
}
