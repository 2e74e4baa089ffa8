import type { Build } from './build.ts'
import { ofVariant } from '../topology/component.ts'
import { FirstRequests } from './first-requests.ts'
import type { MeasureOptions } from './options.ts'
import { measureRound } from './round.ts'
import { scheduleRounds, turnsOf, type Turn } from './schedule.ts'
import type { Tally } from './tally.ts'
import { warmUp } from './warm-up.ts'

/** Which start of the programs: 1-based, and the seed of every shuffle in it. */
export interface WhichRestart {
  /** The variant that is to stand; absent where all do, or there are none. */
  readonly variant?: string | undefined
  readonly build: number
  readonly restart: number
  /** Restarts of this build. */
  readonly of: number
  readonly seed: number
}

/**
 * One start of all programs: they are started anew (the first came with the build), proven and warmed up, and then
 * measured for a few rounds. Nothing of it but the testbed outlives it.
 */
export async function measureRestart(
  options: MeasureOptions,
  build: Build,
  { build: number, restart, of, seed, variant }: WhichRestart,
  tally: Tally,
  prefix: string,
): Promise<void> {
  const { loads, rounds, reporter, signal, record } = options
  const paths = options.paths.filter((path) => variant === undefined || path.variant === variant)
  const words = [...(of > 1 ? [`restart ${restart}/${of}`] : []), ...(variant === undefined ? [] : [variant])]
  const which = words.length === 0 ? prefix : `${prefix}${words.join(', ')}: `
  const progress = (message: string) => reporter.step(which + message)
  signal.throwIfAborted()
  const startedMs = performance.now()
  // A variant's first start is a start as all others are, and not that of the testbed.
  if (restart > 1 || variant !== undefined) await build.restart({ signal, progress, seed, variant })
  progress('connecting clients')
  await build.connect(loads, paths)
  const turns = turnsOf(paths, loads, rounds.durationMs)
  const colds = new FirstRequests()
  const deviating = await prove(options, build, { build: number, restart }, turns, colds, tally, progress)
  const startMs = performance.now() - startedMs
  const warm = await warmUp(options, build, turns, seed, progress, colds)
  await record({
    type: 'restart',
    build: number,
    restart,
    ...ofVariant(variant),
    at: new Date().toISOString(),
    startMs,
    ...warm,
    ...(variant === undefined ? {} : { facts: { ...build.testbed.startFacts } }),
  })
  if (warm.unsettled.length > 0) {
    const message =
      `${which}${warm.unsettled.join(', ')} had not settled after ${(warm.warmupMs / 1000).toFixed(1)} s of warm-up; ` +
      'a longer --warmup or a quieter host helps'
    reporter.note('warning', message)
    await record({ type: 'note', at: new Date().toISOString(), level: 'warning', message })
  }
  progress('measuring')
  tally.beginRounds()
  try {
    for (const scheduled of scheduleRounds(turns, rounds.count, seed)) {
      signal.throwIfAborted()
      const isLast = scheduled.round === rounds.count
      const place = { build: number, restart, ...ofVariant(variant) }
      const how = { isLast, signal, deviating }
      const event = await measureRound(build, place, scheduled, paths, colds.take(), how)
      await record(event)
      tally.add(event)
      reporter.round(event, tally.progress())
      tally.judge(event.evidence, false)
    }
  } catch (error) {
    // The failure is the news; a testbed that is taken down or looked at thaws what is left.
    await build.testbed.quiet?.release().catch(() => {})
    throw error
  }
  await build.testbed.quiet?.release()
}

/** @returns names of paths that are shown to be others than expected where that is a result: one variant's way. */
async function prove(
  { loads, reporter, record, switched }: MeasureOptions,
  build: Build,
  place: { readonly build: number; readonly restart: number },
  turns: readonly Turn[],
  colds: FirstRequests,
  tally: Tally,
  progress: (message: string) => void,
): Promise<ReadonlySet<string>> {
  const deviating = new Set<string>()
  progress('proving paths')
  for (const load of loads) {
    const { evidence, samples } = await build.prove(turns.filter((turn) => turn.load.id === load.id))
    colds.add(load.id, samples)
    const at = new Date().toISOString()
    await record({ type: 'proof', ...place, at, load: load.id, evidence: [...evidence] })
    tally.judge(evidence, true)
    if (place.restart === 1) reporter.proven(evidence)
    for (const { path, verdict } of evidence) if (switched && verdict === 'mismatch') deviating.add(path)
  }
  return deviating
}
