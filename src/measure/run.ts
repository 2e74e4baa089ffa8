import type { Backend } from '../backends/backend.ts'
import type { Plan } from '../backends/plan.ts'
import { PathMismatchError } from '../errors.ts'
import { mergeHistograms } from '../results/histogram.ts'
import type { EndStatus, JournalEvent, PathEvidence, RoundEvent } from '../results/schema.ts'
import { Build } from './build.ts'
import type { MeasuredPath } from './control.ts'
import type { NamedLoad } from './loads.ts'
import type { Reporter } from './reporter.ts'
import { measureRound, sampleKey } from './round.ts'
import { planTurns, scheduleRounds, seededRandom } from './schedule.ts'
import { tryUnreachable } from './unreachable.ts'
import { voidShare } from './validity.ts'

export type VerifyMode = 'strict' | 'warn' | 'off'

export interface MeasureOptions {
  readonly backend: Backend
  readonly plan: Plan
  /** Possible paths of the plan, with the control. */
  readonly paths: readonly MeasuredPath[]
  readonly loads: readonly NamedLoad[]
  readonly rounds: {
    readonly count: number
    readonly durationMs: number
    readonly warmupMs: number
    readonly builds: number
  }
  readonly seed: number
  readonly verify: VerifyMode
  readonly reporter: Reporter
  readonly signal: AbortSignal
  /** Makes an event durable before the measurement goes on. */
  readonly record: (event: JournalEvent) => Promise<void>
}

export interface MeasureOutcome {
  readonly status: EndStatus
  readonly reason?: string | undefined
}

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
  const { backend, plan, paths, loads, rounds, reporter, signal, record } = options
  const prefix = rounds.builds > 1 ? `build ${number}/${rounds.builds}: ` : ''
  const upStarted = performance.now()
  const progress = (message: string) => reporter.step(prefix + message)
  const build = await Build.up(backend, plan, paths, { signal, progress })
  try {
    const { engine, delayMethod, loadBalancer, facts } = build.testbed
    const upMs = performance.now() - upStarted
    const at = new Date().toISOString()
    await record({
      type: 'build',
      build: number,
      at,
      engine,
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
  } finally {
    progress('taking the testbed down')
    await build.down()
  }
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
  const { paths, rounds, reporter, signal, record } = options
  const clients = paths.map((path) => ({ name: path.name, client: path.clientWorkload.name }))
  const turns = planTurns(clients, loads, rounds.durationMs)
  progress('connecting clients')
  await build.connect(loads)
  progress('proving paths')
  const colds = new Map<string, string[]>()
  const keepColds = (load: string, samples: readonly { path: string; cold: string }[]) => {
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
  progress('warming up')
  for (const turn of turns) {
    const durationMs = Math.max(1, Math.round((rounds.warmupMs * turn.durationMs) / rounds.durationMs))
    if (rounds.warmupMs > 0)
      keepColds(turn.load.id, (await build.turn({ ...turn, durationMs }, seed)).samples)
  }
  progress('measuring')
  let earlyColds = new Map([...colds].map(([key, list]) => [key, mergeHistograms(list)]))
  for (const scheduled of scheduleRounds(turns, rounds.count, seed)) {
    signal.throwIfAborted()
    const event = await measureRound(build, number, scheduled, paths, earlyColds)
    earlyColds = new Map()
    await record(event)
    tally.add(event)
    reporter.round(event, tally.progress())
    tally.judge(event.evidence, false)
  }
}

/** What has been seen so far in a run, and what follows from it. */
class Tally {
  readonly #options: MeasureOptions
  readonly #proven = new Set<string>()
  readonly #mismatches: string[] = []
  readonly #startedAt = performance.now()
  #done = 0
  #flagged = 0

  constructor(options: MeasureOptions) {
    this.#options = options
  }

  add(event: RoundEvent): void {
    this.#done += 1
    if (event.flags.length > 0) this.#flagged += 1
  }

  /** @throws PathMismatchError in strict mode. */
  judge(evidence: readonly PathEvidence[], isProof: boolean): void {
    for (const item of evidence) {
      if (item.verdict === 'proven') this.#proven.add(item.path)
      // Before the first round even a trail that merely ends is reason enough to stop.
      if (item.verdict === 'mismatch' || (isProof && item.verdict === 'unproven')) {
        this.unexpected(`${item.path}: ${item.reasons.join('; ')}`)
      }
    }
  }

  unexpected(message: string): void {
    const { verify, reporter } = this.#options
    if (verify === 'strict') {
      throw new PathMismatchError(`path not as expected: ${message}`, {
        hint: 'the evidence is kept with the run; --verify warn measures nevertheless and marks the result',
      })
    }
    if (this.#mismatches.length === 0 && verify === 'warn')
      reporter.note('warning', `path not as expected: ${message}`)
    this.#mismatches.push(message)
  }

  progress(): { done: number; total: number; leftMs: number } {
    const { count, builds } = this.#options.rounds
    const total = count * builds
    const perRoundMs = (performance.now() - this.#startedAt) / this.#done
    return { done: this.#done, total, leftMs: perRoundMs * (total - this.#done) }
  }

  outcome(): MeasureOutcome {
    if (this.#mismatches.length > 0) return { status: 'path-mismatch', reason: this.#mismatches[0] }
    if (this.#flagged > voidShare * this.#done) {
      const reason = `${this.#flagged} of ${this.#done} rounds are flagged; more than ${voidShare * 100} % make a run void`
      return { status: 'void', reason }
    }
    return { status: 'complete' }
  }
}
