import type { PathSample } from '../agent/protocol.ts'
import { mergeHistograms } from '../results/histogram.ts'
import type { RoundEvent } from '../results/schema.ts'
import { seededRandom } from '../stats/seeded-random.ts'
import { Build } from './build.ts'
import { turnGroup } from './control.ts'
import type { NamedLoad } from './loads.ts'
import type { MeasureOptions } from './options.ts'
import { measureRound, sampleKey } from './round.ts'
import { planTurns, scheduleRounds } from './schedule.ts'
import { unsettledPaths } from './settle.ts'
import { Tally, type MeasureOutcome } from './tally.ts'
import { tryUnreachable } from './unreachable.ts'
import { warmUp } from './warm-up.ts'

/**
 * Measures a plan: builds of the testbed, rounds nested in builds, evidence for every round.
 * @throws PathMismatchError in strict mode as soon as a path is shown to be another than expected;
 *   whatever was recorded until an error stays recorded.
 */
export async function measure(options: MeasureOptions): Promise<MeasureOutcome> {
  const { rounds, seed } = options
  const random = seededRandom(seed)
  const tally = new Tally(options)
  for (let build = 1; build <= rounds.builds; build++) {
    await measureBuild(options, build, Math.floor(random() * 4_294_967_296), tally)
  }
  return tally.outcome()
}

async function measureBuild(
  options: MeasureOptions,
  number: number,
  seed: number,
  tally: Tally,
): Promise<void> {
  const { backend, plan, paths, loads, rounds, reporter, signal, failureFolder, record } = options
  const prefix = rounds.builds > 1 ? `build ${number}/${rounds.builds}: ` : ''
  const upStarted = performance.now()
  const progress = (message: string) => reporter.step(prefix + message)
  const note = (message: string) => reporter.note('info', prefix + message)
  const build = await Build.up(backend, plan, paths, { signal, progress, note, failureFolder })
  try {
    const { engine, cpuSource, delayMethod, loadBalancer, facts } = build.testbed
    const upMs = performance.now() - upStarted
    const at = new Date().toISOString()
    await record({
      type: 'build',
      build: number,
      at,
      engine,
      ...(cpuSource === undefined ? {} : { cpuSource }),
      delayMethod,
      loadBalancer,
      facts: { ...facts },
      upMs,
    })
    if (paths.length > 0) await measurePaths(options, build, number, seed, tally, progress, loads)
    for (const path of plan.paths.filter((p) => !p.rule.possible)) {
      signal.throwIfAborted()
      progress(`trying "${path.name}", which must not be reachable`)
      const event = await tryUnreachable(build.testbed, path, number)
      await record(event)
      if (!event.confirmed) tally.unexpected(`${path.name}: expected no path, but ${event.observed}`)
      else reporter.note('info', `${path.name}: unreachable, as expected (${event.observed})`)
    }
  } catch (error) {
    // Whoever stopped it knows why; anything else may be explained by what the testbed says now.
    if (failureFolder !== undefined && build.testbed.saveState && !signal.aborted) {
      progress('keeping what the testbed says')
      await build.testbed.saveState(failureFolder, signal)
    }
    progress('taking the testbed down')
    await build.downAfterFailure((message) => reporter.note('warning', message))
    throw error
  }
  progress('taking the testbed down')
  await build.down()
}

async function measurePaths(
  options: MeasureOptions,
  build: Build,
  number: number,
  seed: number,
  tally: Tally,
  progress: (message: string) => void,
  loads: readonly NamedLoad[],
): Promise<void> {
  const { paths, reporter, signal, record } = options
  const clients = paths.map((path) => ({ name: path.name, client: turnGroup(path) }))
  const turns = planTurns(clients, loads, options.rounds.durationMs)
  progress('connecting clients')
  await build.connect(loads)
  progress('proving paths')
  const colds = new Map<string, string[]>()
  const keepColds = (load: string, samples: readonly PathSample[]) => {
    for (const { path, cold } of samples) {
      const key = sampleKey(path, load)
      colds.set(key, [...(colds.get(key) ?? []), cold])
    }
  }
  for (const load of loads) {
    const { evidence, samples } = await build.prove(turns.filter((turn) => turn.load.id === load.id))
    keepColds(load.id, samples)
    const at = new Date().toISOString()
    await record({ type: 'proof', build: number, at, load: load.id, evidence: [...evidence] })
    tally.judge(evidence, true)
    reporter.proven(evidence)
  }
  await warmUp(options, build, turns, seed, progress, keepColds)
  progress('measuring')
  const rounds: RoundEvent[] = []
  tally.beginRounds()
  let earlyColds = new Map([...colds].map(([key, list]) => [key, mergeHistograms(list)]))
  for (const scheduled of scheduleRounds(turns, options.rounds.count, seed)) {
    signal.throwIfAborted()
    const isLast = scheduled.round === options.rounds.count
    const event = await measureRound(build, number, scheduled, paths, earlyColds, isLast)
    earlyColds = new Map()
    await record(event)
    rounds.push(event)
    tally.add(event)
    reporter.round(event, tally.progress())
    tally.judge(event.evidence, false)
  }
  for (const { path, load, rounds: first } of unsettledPaths(rounds)) {
    const which =
      first === null ? 'all its rounds' : first === 1 ? 'its first round' : `its first ${first} rounds`
    const message = `build ${number}: ${path} under ${load} was still settling in ${which} (MSER); a longer --warmup helps`
    reporter.note('warning', message)
    await record({ type: 'note', at: new Date().toISOString(), level: 'warning', message })
  }
}
